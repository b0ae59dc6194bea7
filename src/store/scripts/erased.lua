#!lua flags=no-writes
--[[
  erased: which tickets an erasure has made tombstones.

  KEYS[i]  ticket:ID

  Output: one per key: 1, or 0
]]
-- @include other_type

local results = {}
for i, key in ipairs(KEYS) do
  local held = redis.pcall('HGET', key, 'erased')
  results[i] = held and not is_other_type(held) and 1 or 0
end
return results
