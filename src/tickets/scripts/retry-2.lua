#!lua flags=allow-oom
--[[
  retry: puts claimed tickets off that could not be written, each twice as long as the last time.
  A mark that changed since the claim is let be: there is something new to write.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:failures

  ARGV[1]     score of the lease, as claim gave it
  ARGV[2]     first wait, ms
  ARGV[3]     longest wait, ms
  ARGV[4...]  id, reason

  Output: the attempts of each ticket so far, in the order of ARGV
]]
local due_key, failures_key = KEYS[1], KEYS[2]
local lease_score = tonumber(ARGV[1])
local first_ms = tonumber(ARGV[2])
local longest_ms = tonumber(ARGV[3])

local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local attempts = {}
for i = 4, #ARGV, 2 do
  local id, reason = ARGV[i], ARGV[i + 1]
  local known = redis.call('HGET', failures_key, id)
  local count = (known and cjson.decode(known).attempts or 0) + 1
  attempts[#attempts + 1] = count
  redis.call('HSET', failures_key, id, cjson.encode({ attempts = count, error = reason }))
  local score = redis.call('ZSCORE', due_key, id)
  if score and tonumber(score) == lease_score then
    local wait_ms = math.min(first_ms * 2 ^ (count - 1), longest_ms)
    redis.call('ZADD', due_key, 'XX', string.format('%.0f', now_ms + wait_ms), id)
  end
end
return attempts
