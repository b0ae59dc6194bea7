#!lua flags=no-writes
--[[
  versions: the versions of many tickets.

  KEYS[i]  ticket:ID

  Output: one per key: the version; '' when there is no ticket, or it has none
]]
-- @include other_type

local versions = {}
for i, key in ipairs(KEYS) do
  local version = redis.pcall('HGET', key, 'version')
  versions[i] = not is_other_type(version) and type(version) == 'string' and version or ''
end
return versions
