#!lua flags=no-writes
--[[
  backlog: how far MySQL is behind.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:synced

  ARGV[1]  horizon, ms: what lies further ahead of now counts as due, since now. Redis's clock was set back

  Output: { unsynced, waiting for a push (a time is set), due now, age of the oldest due in ms or -1, dead,
            the record that tickets:synced is, as checkpoint named it, '' for none, and the marks that have gone on purpose }
]]
local due_key, dead_key, synced_key = KEYS[1], KEYS[2], KEYS[3]
local horizon_ms = tonumber(ARGV[1])

-- @include clock
-- @include beyond
local oldest = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
local age = oldest and now_ms - tonumber(oldest) or -1
local ahead = redis.call('ZCOUNT', due_key, beyond, '(+inf')
if ahead > 0 then age = math.max(age, 0) end
-- Of another type it holds none.
local dead = redis.pcall('ZCARD', dead_key)
local synced = redis.pcall('HMGET', synced_key, 'record', 'removed')
return {
  redis.call('ZCARD', due_key),
  redis.call('ZCOUNT', due_key, '-inf', '(+inf'),
  redis.call('ZCOUNT', due_key, '-inf', now_ms) + ahead,
  age >= 0 and age or -1,
  type(dead) == 'number' and dead or 0,
  synced[1] or '',
  tonumber(synced[2]) or 0,
}
