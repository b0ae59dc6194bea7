#!lua flags=allow-oom
--[[
  Takes tickets away as if they had never been: hash, mark, and entries in the indexes, by the service's own code. Includes are those of
  the service's scripts.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:index
  KEYS[3]  tickets:synced
  KEYS[4]  and those that follow: ticket:ID

  ARGV[i]  the id of KEYS[3 + i]; some may not be there

  Output: how many there were
]]
local due_key, index_key, synced_key = KEYS[1], KEYS[2], KEYS[3]

-- @include other_type
-- @include chunks
-- @include removed
-- @include index_layout
-- @include index
-- @include apply_index

for i, id in ipairs(ARGV) do
  local values = redis.call('HMGET', KEYS[3 + i], 'synced_version', unpack(INDEXED))
  set_index(id, to_state(values[1] and true or nil, unpack(values, 2, 5)), false)
end
apply_index()
local removed = 0
in_chunks(ARGV, function(...) removed = removed + redis.call('ZREM', due_key, ...) end)
count_removed(synced_key, removed)
return redis.call('UNLINK', unpack(KEYS, 4))
