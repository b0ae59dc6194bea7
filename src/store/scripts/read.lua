#!lua flags=no-writes
--[[
  read: the hashes of many tickets in one call.

  KEYS[i]  ticket:ID

  Output: a JSON array, because clients read one long text much faster than hundreds of short ones; per key
          [field, value, ...]; [] when there is no ticket; [""] when the key is no hash
]]
-- @include other_type

local results = {}
for i, key in ipairs(KEYS) do
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then flat = { '' } end
  -- An empty table would be an object.
  results[i] = #flat > 0 and cjson.encode(flat) or '[]'
end
return '[' .. table.concat(results, ',') .. ']'
