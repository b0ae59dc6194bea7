#!lua
--[[
  webhook_turn: an instance asks whether it is the one that delivers to a target, and what there is to do. It takes the target over
  when nobody has it, and renews its lease when it has it.

  KEYS[1]  webhook:NAME              a hash: owner, token, lease_until_ms, cursor, disabled_at, disabled_for, paused_until_ms, and what
                                     is shown of it
  KEYS[2]  webhook:NAME:waiting      a sorted set: ticket ids by the time of their next attempt, ms
  KEYS[3]  webhook:NAME:deliveries   a hash: ticket id -> delivery (includes/webhook_delivery.lua)
  KEYS[4]  webhook:NAME:dead         a sorted set: ticket ids by the time when they were given up, ms

  ARGV[1]  the instance
  ARGV[2]  length of the lease, ms
  ARGV[3]  fingerprint of the target's configuration: with another one it is enabled again
  ARGV[4]  due deliveries at most
  ARGV[5]  the longest time that a delivery waits for its next attempt, ms

  Output: {} when another instance has it; else
          { token, cursor or '', 1 when it is disabled else 0, ms for which it is paused, deliveries that wait, those that are due,
            ms until the next one is due or -1, id, delivery, ... }
]]
local state_key, waiting_key, deliveries_key = KEYS[1], KEYS[2], KEYS[3]
local me, lease_ms, fingerprint, due_max, delay_max_ms = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

-- @include clock
-- @include webhook_delivery

local function text_of(ms) return string.format('%.0f', ms) end

local held = redis.call('HMGET', state_key, 'owner', 'lease_until_ms', 'token', 'cursor', 'disabled_at', 'disabled_for', 'paused_until_ms')
local owner, lease_until_ms, token, cursor = held[1], tonumber(held[2]) or 0, held[3], held[4] or ''
local disabled_at, disabled_for, paused_until_ms = held[5], held[6], tonumber(held[7]) or 0

-- A lease that lies further ahead than it can is one of a clock that jumped.
if owner and owner ~= me and lease_until_ms > now_ms and lease_until_ms <= now_ms + lease_ms then return {} end
if owner ~= me or not token then token = text_of((tonumber(token) or 0) + 1) end
redis.call('HSET', state_key, 'owner', me, 'token', token, 'lease_until_ms', text_of(now_ms + lease_ms))
if disabled_at and disabled_for ~= fingerprint then
  redis.call('HDEL', state_key, 'disabled_at', 'disabled_for')
  disabled_at = nil
end

-- Beyond the longest pause lies only what a clock that jumped has put there.
local beyond = '(' .. text_of(now_ms + delay_max_ms)
local paused_ms = paused_until_ms <= now_ms + delay_max_ms and math.max(0, paused_until_ms - now_ms) or 0
local due = redis.call('ZCOUNT', waiting_key, '-inf', now) + redis.call('ZCOUNT', waiting_key, beyond, '+inf')
local following = redis.call('ZRANGEBYSCORE', waiting_key, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local turn = {
  token, cursor, disabled_at and 1 or 0, paused_ms, redis.call('ZCARD', waiting_key), due,
  following and math.max(0, tonumber(following) - now_ms) or -1,
}
if disabled_at or paused_ms > 0 then return turn end

local ids = redis.call('ZRANGEBYSCORE', waiting_key, '-inf', now, 'LIMIT', 0, due_max)
if #ids < due_max then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting_key, beyond, '+inf', 'LIMIT', 0, due_max - #ids)) do ids[#ids + 1] = id end
end
for _, id in ipairs(ids) do
  local text = redis.call('HGET', deliveries_key, id)
  if parse_delivery(text) then
    turn[#turn + 1] = id
    turn[#turn + 1] = text
  else
    -- Another program has put there what is none.
    redis.call('ZREM', waiting_key, id)
    redis.call('HDEL', deliveries_key, id)
  end
end
return turn
