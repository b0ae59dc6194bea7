#!lua
--[[
  webhook_accept: what a target is to be told of, and how far the change log was read for it, in one step.
  A delivery that waits, or was given up, is replaced by one of a newer version of its ticket, or of another Redis. It has all its
  attempts then, the next one soon.

  KEYS[1]  webhook:NAME
  KEYS[2]  webhook:NAME:waiting
  KEYS[3]  webhook:NAME:deliveries
  KEYS[4]  webhook:NAME:dead

  ARGV[1]     token
  ARGV[2]     the cursor after these
  ARGV[3]     '1': what lies between the cursor of before and this one is not known, and will not be told
  ARGV[4]     ms in which one that replaces another is sent at the latest
  ARGV[5...]  id, version, epoch, type for each

  Output: 1; 0 when another instance has taken over
]]
local state_key, waiting_key, deliveries_key, dead_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, cursor, has_gap, soon_ms = ARGV[1], ARGV[2], ARGV[3] == '1', tonumber(ARGV[4])

-- @include clock
-- @include webhook_delivery
-- @include webhook_fence

if is_fenced(token) then return 0 end

local soon = string.format('%.0f', now_ms + soon_ms)
for i = 5, #ARGV, 4 do
  local id, version, epoch = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = parse_delivery(redis.call('HGET', deliveries_key, id))
  if not known or known.epoch ~= epoch or tonumber(known.version) < tonumber(version) then
    redis.call('HSET', deliveries_key, id, format_delivery({ version = version, epoch = epoch, type = ARGV[i + 3], attempts = 0, reason = '' }))
    redis.call('ZREM', dead_key, id)
    if redis.call('ZSCORE', waiting_key, id) then redis.call('ZADD', waiting_key, 'LT', soon, id)
    else redis.call('ZADD', waiting_key, now, id) end
  end
end
redis.call('HSET', state_key, 'cursor', cursor)
if has_gap then
  redis.call('HINCRBY', state_key, 'gaps', 1)
  redis.call('HSET', state_key, 'gap_at', now_s)
end
return 1
