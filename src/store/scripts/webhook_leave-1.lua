#!lua flags=allow-oom
--[[
  webhook_leave: lets another instance take a target over at once.

  KEYS[1]  webhook:NAME

  ARGV[1]  token

  Output: 1; 0 when another one has done so
]]
local state_key = KEYS[1]

-- @include webhook_fence

if is_fenced(ARGV[1]) then return 0 end
redis.call('HSET', state_key, 'lease_until_ms', 0)
return 1
