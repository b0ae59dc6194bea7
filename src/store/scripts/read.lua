#!lua flags=no-writes
--[[
  read: the hashes of many tickets in one call.

  KEYS[i]  ticket:ID

  ARGV[1]  tickets:acknowledged, which is not among the KEYS: while its slot is being moved, a ticket that is still here is read
  ARGV[2]  bytes of the reply after which no more is read

  Output: a JSON array, because clients read one long text much faster than hundreds of short ones; per key
          [field, value, ...]; "stamp" when there is no ticket: what MySQL says from now on counts as long as it is
          the same, '' for not at all; [""] when the key is no hash; null: it was not read, which the first always is
]]
-- @include other_type
-- @include stamps

local acknowledged_key = ARGV[1]
local bytes_max = tonumber(ARGV[2])

local results = {}
local bytes = 0
for i, key in ipairs(KEYS) do
  if bytes > bytes_max then
    results[i] = 'null'
  else
    local flat = redis.pcall('HGETALL', key)
    if is_other_type(flat) then flat = { '' } end
    results[i] = cjson.encode(#flat > 0 and flat or stamp_of(acknowledged_key, string.match(key, '%d+$')))
    bytes = bytes + #results[i]
  end
end
return '[' .. table.concat(results, ',') .. ']'
