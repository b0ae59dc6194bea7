#!lua flags=no-writes
--[[
  webhook_status: what is known of a target.

  KEYS[1]  webhook:NAME
  KEYS[2]  webhook:NAME:waiting
  KEYS[3]  webhook:NAME:deliveries
  KEYS[4]  webhook:NAME:dead

  ARGV[1]  dead deliveries at most, the last ones

  Output: { now in s, deliveries that wait, those that were given up, { field, value, ... }, { id, ms when it was given up, delivery, ... } }
]]
local state_key, waiting_key, deliveries_key, dead_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local dead_max = tonumber(ARGV[1])

-- @include clock

local dead = {}
if dead_max > 0 then
  local found = redis.call('ZRANGE', dead_key, 0, dead_max - 1, 'REV', 'WITHSCORES')
  for i = 1, #found, 2 do
    dead[#dead + 1] = found[i]
    dead[#dead + 1] = found[i + 1]
    dead[#dead + 1] = redis.call('HGET', deliveries_key, found[i]) or ''
  end
end
return { now_s, redis.call('ZCARD', waiting_key), redis.call('ZCARD', dead_key), redis.call('HGETALL', state_key), dead }
