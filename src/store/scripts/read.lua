#!lua flags=no-writes
--[[
  read: the hashes of many tickets in one call.

  KEYS[i]  ticket:ID

  ARGV[1]  tickets:acknowledged, which is not among the KEYS: while its slot is being moved, a ticket that is still here is read

  Output: a JSON array, because clients read one long text much faster than hundreds of short ones; per key
          [field, value, ...]; "stamp" when there is no ticket: what MySQL says from now on counts as long as it is
          the same, '' for not at all; [""] when the key is no hash
]]
-- @include other_type
-- @include stamps

local results = {}
for i, key in ipairs(KEYS) do
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then flat = { '' } end
  results[i] = cjson.encode(#flat > 0 and flat or stamp_of(ARGV[1], string.match(key, '%d+$')))
end
return '[' .. table.concat(results, ',') .. ']'
