#!lua flags=no-writes
--[[
  backlog: how far MySQL is behind.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:synced
  KEYS[4]  tickets:index

  ARGV[1]  horizon, ms: what lies further ahead of now counts as due, since now. Redis's clock was set back

  Output: { unsynced, waiting for a push (a time is set), due now, age of the oldest due in ms or -1, dead,
            the record that tickets:synced is, as checkpoint named it, '' for none, and the marks that have gone on purpose,
            1 when the indexes of the unsynced tickets are whole, else 0 }
]]
local due_key, dead_key, synced_key, index_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local horizon_ms = tonumber(ARGV[1])

-- @include clock
-- @include beyond
-- @include other_type
-- @include index_layout
-- @include indexed

local oldest = redis.call('ZRANGE', due_key, 0, 0, 'WITHSCORES')[2]
local age = oldest and now_ms - tonumber(oldest) or -1
local ahead = redis.call('ZCOUNT', due_key, beyond, '(+inf')
if ahead > 0 then age = math.max(age, 0) end
-- Of another type it holds none.
local dead = redis.pcall('ZCARD', dead_key)
local synced = redis.pcall('HMGET', synced_key, 'record', 'removed')
-- In a Cluster it may be at another server already: whoever asks for the backlog is answered all the same.
local is_known, are_whole = pcall(are_indexes_whole, due_key, dead_key)
return {
  redis.call('ZCARD', due_key),
  redis.call('ZCOUNT', due_key, '-inf', '(+inf'),
  redis.call('ZCOUNT', due_key, '-inf', now_ms) + ahead,
  age >= 0 and age or -1,
  type(dead) == 'number' and dead or 0,
  synced[1] or '',
  tonumber(synced[2]) or 0,
  is_known and are_whole and 1 or 0,
}
