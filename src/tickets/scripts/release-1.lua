#!lua flags=allow-oom
--[[
  release: gives claimed tickets back; they are due at once. A mark that changed since the claim is let be.

  KEYS[1]  tickets:due

  ARGV[1]     score of the lease, as claim gave it
  ARGV[2...]  ids

  Output: how many were given back
]]
local due_key = KEYS[1]
local lease_score = tonumber(ARGV[1])

-- @include clock

local released = 0
for i = 2, #ARGV do
  local score = redis.call('ZSCORE', due_key, ARGV[i])
  if score and tonumber(score) == lease_score then
    redis.call('ZADD', due_key, 'XX', now, ARGV[i])
    released = released + 1
  end
end
return released
