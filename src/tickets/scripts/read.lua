#!lua flags=no-writes
--[[
  read: the hashes of many tickets in one call.

  KEYS[i]  ticket:ID

  Output: one array per key: field, value, ...; empty when there is no ticket; { '' } when the key is no hash
]]
-- @include other_type

local results = {}
for i, key in ipairs(KEYS) do
  local flat = redis.pcall('HGETALL', key)
  results[i] = is_other_type(flat) and { '' } or flat
end
return results
