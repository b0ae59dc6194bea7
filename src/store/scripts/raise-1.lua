#!lua flags=allow-oom
--[[
  raise: records the highest ticket id that MySQL is known to hold; it never goes down.

  KEYS[1]  tickets:archived_max

  ARGV[1]  the id; 0 when MySQL holds none

  Output: 1 when it was raised or set, else 0
]]
local archived_max_key = KEYS[1]
local id = tonumber(ARGV[1])

local known = redis.pcall('GET', archived_max_key)
known = type(known) == 'string' and tonumber(known)
if known and known >= id then return 0 end
redis.call('SET', archived_max_key, string.format('%.0f', id))
return 1
