#!lua flags=allow-oom
--[[
  expedite: makes marks due now that are due later, save those that a flush has claimed.

  KEYS[1]  tickets:due

  ARGV[1]  marks to pass over, from the latest: those that earlier calls found claimed
  ARGV[2]  marks to look at

  Output: { marks looked at, of these claimed }
]]
local due_key = KEYS[1]
local offset = tonumber(ARGV[1])
local limit = tonumber(ARGV[2])

-- @include clock
-- From the latest, because claims that end meanwhile make room: what is passed over in their place is due before they were.
local marks = redis.call('ZRANGE', due_key, '+inf', '(' .. now, 'BYSCORE', 'REV', 'LIMIT', offset, limit, 'WITHSCORES')
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
