#!lua flags=no-writes
--[[
  backlog: how far MySQL is behind.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:synced

  Output: { unsynced, waiting for a push (a time is set), due now, age of the oldest due in ms or -1, dead,
            the record that tickets:synced is, as checkpoint named it, '' for none, and the marks that have gone on purpose }
]]
local due_key, dead_key, synced_key = KEYS[1], KEYS[2], KEYS[3]

-- @include clock
local oldest = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
local age = oldest and now_ms - tonumber(oldest) or -1
-- Of another type it holds none.
local dead = redis.pcall('ZCARD', dead_key)
local synced = redis.pcall('HMGET', synced_key, 'record', 'removed')
return {
  redis.call('ZCARD', due_key),
  redis.call('ZCOUNT', due_key, '-inf', '(+inf'),
  redis.call('ZCOUNT', due_key, '-inf', now_ms),
  age >= 0 and age or -1,
  type(dead) == 'number' and dead or 0,
  synced[1] or '',
  tonumber(synced[2]) or 0,
}
