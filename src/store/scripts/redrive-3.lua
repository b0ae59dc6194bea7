#!lua flags=allow-oom
--[[
  redrive: makes dead letters due again, with all their attempts before them.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:failures

  ARGV[1]     only those that died by this time, ms; '' for now. One that died after now did so before Redis's clock was set back
  ARGV[2]     tickets at most. Not looked at when ids are given
  ARGV[3...]  ids: these and no others

  Output: { now in ms, id, ... }: the tickets that were dead letters and are due now
]]
local due_key, dead_key, failures_key = KEYS[1], KEYS[2], KEYS[3]
local died_by = ARGV[1]
local limit = tonumber(ARGV[2])

-- @include clock
if died_by == '' then died_by = now end

local ids
if #ARGV > 2 then
  ids = { unpack(ARGV, 3) }
else
  ids = redis.call('ZRANGEBYSCORE', dead_key, '-inf', died_by, 'LIMIT', 0, limit)
  if #ids < limit then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', dead_key, '(' .. now, '+inf', 'LIMIT', 0, limit - #ids)) do ids[#ids + 1] = id end
  end
end

local redriven = { now_ms }
for _, id in ipairs(ids) do
  if redis.call('ZREM', dead_key, id) == 1 then
    redis.call('ZADD', due_key, 'LT', now, id)
    redis.pcall('HDEL', failures_key, id)
    redriven[#redriven + 1] = id
  end
end
return redriven
