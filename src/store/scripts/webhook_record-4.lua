#!lua flags=allow-oom
--[[
  webhook_record: what became of an attempt. A delivery that was replaced by a newer version meanwhile stays as it is.

  KEYS[1]  webhook:NAME
  KEYS[2]  webhook:NAME:waiting
  KEYS[3]  webhook:NAME:deliveries
  KEYS[4]  webhook:NAME:dead

  ARGV[1]  token
  ARGV[2]  id
  ARGV[3]  version and
  ARGV[4]  epoch that were sent
  ARGV[5]  'delivered'; 'failed': to be sent again; 'dead': given up; 'gone': the target wants nothing any more, it is disabled
  ARGV[6]  why; '' for delivered
  ARGV[7]  failed: ms until the next attempt
  ARGV[8]  ms for which the whole target is left alone; 0: it is not
  ARGV[9]  dead deliveries that are kept; the oldest go
  ARGV[10] gone: fingerprint of the target's configuration

  Output: the number of dead deliveries that went; -1 when another instance has taken over
]]
local state_key, waiting_key, deliveries_key, dead_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, id, version, epoch, result, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local delay_ms, pause_ms, dead_max, fingerprint = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]

-- @include clock
-- @include webhook_delivery
-- @include webhook_fence

if is_fenced(token) then return -1 end

if result == 'delivered' then
  redis.call('HSET', state_key, 'succeeded_at', now_s, 'is_failing', 0)
else
  redis.call('HSET', state_key, 'failed_at', now_s, 'failure', reason, 'is_failing', 1)
end
if result == 'gone' then redis.call('HSET', state_key, 'disabled_at', now_s, 'disabled_for', fingerprint) end
if pause_ms > 0 then redis.call('HSET', state_key, 'paused_until_ms', string.format('%.0f', now_ms + pause_ms)) end

local known = parse_delivery(redis.call('HGET', deliveries_key, id))
if not known or known.version ~= version or known.epoch ~= epoch then return 0 end
if result == 'delivered' then
  redis.call('ZREM', waiting_key, id)
  redis.call('ZREM', dead_key, id)
  redis.call('HDEL', deliveries_key, id)
  return 0
end

known.attempts = known.attempts + 1
known.reason = reason
redis.call('HSET', deliveries_key, id, format_delivery(known))
-- One that the target did not want is sent again when it is enabled.
if result == 'gone' then return 0 end
if result == 'failed' then
  redis.call('ZADD', waiting_key, string.format('%.0f', now_ms + delay_ms), id)
  return 0
end
redis.call('ZREM', waiting_key, id)
redis.call('ZADD', dead_key, now, id)
local dropped = redis.call('ZCARD', dead_key) - dead_max
if dropped <= 0 then return 0 end
for _, oldest in ipairs(redis.call('ZRANGE', dead_key, 0, dropped - 1)) do
  redis.call('ZREM', dead_key, oldest)
  redis.call('HDEL', deliveries_key, oldest)
end
redis.call('HINCRBY', state_key, 'dropped', dropped)
return dropped
