#!lua flags=no-writes,allow-cross-slot-keys
--[[
  read: the hashes of many tickets in one call, which may be of several partitions of a Cluster.
  Touches the hashes of the ids in ARGV and tickets:acknowledged of their partitions. None is among KEYS, which must be of one slot.

  ARGV[1]     bytes of the reply after which no more is read
  ARGV[2i]    for each partition, what its keys begin with
  ARGV[2i+1]  its ids, with a space between two: one argument costs less than many

  Output: a JSON array, because clients read one long text much faster than hundreds of short ones; per id, in the order of ARGV,
          [field, value, ...]; "stamp" when there is no ticket: what MySQL says from now on counts as long as it is
          the same, '' for not at all; [""] when the key is no hash; [0, reason] when it cannot be read here, as when its slot is
          moved to another server of the Cluster; null: it was not read, which the first always is
]]
-- @include stamps
-- @keys

local bytes_max = tonumber(ARGV[1])

local function read(prefix, id)
  local flat = redis.pcall('HGETALL', prefix .. TICKET .. id)
  if flat.err then return string.find(flat.err, 'WRONGTYPE', 1, true) and { '' } or { 0, flat.err } end
  return #flat > 0 and flat or stamp_of(prefix .. ACKNOWLEDGED, id)
end

local results = {}
local bytes = 0
for i = 2, #ARGV, 2 do
  for id in string.gmatch(ARGV[i + 1], '%d+') do
    local result = bytes > bytes_max and 'null' or cjson.encode(read(ARGV[i], id))
    bytes = bytes + #result
    results[#results + 1] = result
  end
end
return '[' .. table.concat(results, ',') .. ']'
