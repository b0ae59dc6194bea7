#!lua flags=allow-oom
--[[
  release: gives claimed tickets back, as due since they were before the claim: a backlog that cannot be pushed grows
  old. A mark that changed since the claim is let be.

  KEYS[1]  tickets:due

  ARGV[1]     score of the lease, as claim gave it
  ARGV[2...]  id, since, ...: as claim gave them

  Output: how many were given back
]]
local due_key = KEYS[1]
local lease_score = tonumber(ARGV[1])

local released = 0
for i = 2, #ARGV, 2 do
  local id, since = ARGV[i], tonumber(ARGV[i + 1])
  local score = redis.call('ZSCORE', due_key, id)
  if score and tonumber(score) == lease_score then
    redis.call('ZADD', due_key, 'XX', since, id)
    released = released + 1
  end
end
return released
