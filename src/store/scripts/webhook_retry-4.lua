#!lua flags=allow-oom
--[[
  webhook_retry: makes deliveries that were given up, or wait for their next attempt, due now, with all their attempts before them, and
  enables the target.

  KEYS[1]  webhook:NAME
  KEYS[2]  webhook:NAME:waiting
  KEYS[3]  webhook:NAME:deliveries
  KEYS[4]  webhook:NAME:dead

  ARGV[1]     of those that were given up, and of those that wait, this number at most. Not looked at when ids are given
  ARGV[2...]  ids: these and no others

  Output: { how many were given up, those that waited, id, ... }: the deliveries that are due now
]]
local state_key, waiting_key, deliveries_key, dead_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local limit = tonumber(ARGV[1])

-- @include clock
-- @include webhook_delivery

redis.call('HDEL', state_key, 'disabled_at', 'disabled_for', 'paused_until_ms')

local retried = { 0, 0 }
local function retry(id, from)
  local known = parse_delivery(redis.call('HGET', deliveries_key, id))
  redis.call('ZREM', dead_key, id)
  if not known then
    redis.call('ZREM', waiting_key, id)
    return
  end
  known.attempts = 0
  redis.call('HSET', deliveries_key, id, format_delivery(known))
  redis.call('ZADD', waiting_key, now, id)
  retried[from] = retried[from] + 1
  retried[#retried + 1] = id
end

if #ARGV > 1 then
  for i = 2, #ARGV do
    if redis.call('ZSCORE', dead_key, ARGV[i]) then retry(ARGV[i], 1)
    elseif redis.call('ZSCORE', waiting_key, ARGV[i]) then retry(ARGV[i], 2) end
  end
  return retried
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', dead_key, '-inf', '+inf', 'LIMIT', 0, limit)) do retry(id, 1) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting_key, '(' .. now, '+inf', 'LIMIT', 0, limit)) do retry(id, 2) end
return retried
