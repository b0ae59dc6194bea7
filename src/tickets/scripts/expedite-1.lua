#!lua flags=allow-oom
--[[
  expedite: makes marks due now that are due later, save those that a flush has claimed.

  KEYS[1]  tickets:due

  ARGV[1]  marks to pass over: those that earlier calls found claimed
  ARGV[2]  marks to look at

  Output: { marks looked at, of these claimed }
]]
local due_key = KEYS[1]
local offset = tonumber(ARGV[1])
local limit = tonumber(ARGV[2])

-- @include clock
local marks = redis.call('ZRANGEBYSCORE', due_key, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', offset, limit)
local claimed = 0
for i = 1, #marks, 2 do
  -- A lease ends on a half millisecond.
  if tonumber(marks[i + 1]) % 1 == 0.5 then
    claimed = claimed + 1
  else
    redis.call('ZADD', due_key, 'XX', now, marks[i])
  end
end
return { #marks / 2, claimed }
