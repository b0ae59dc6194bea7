#!lua flags=allow-oom
--[[
  expedite: makes marks due now that are due later, save those that a flush has claimed.

  KEYS[1]  tickets:due

  ARGV[1]  marks to pass over, from the latest: those that earlier calls found claimed
  ARGV[2]  marks to look at
  ARGV[3]  horizon, ms: a claim that ends further ahead of now is none any more. Redis's clock was set back

  Output: { marks looked at, of these claimed }
]]
local due_key = KEYS[1]
local offset = tonumber(ARGV[1])
local limit = tonumber(ARGV[2])
local horizon_ms = tonumber(ARGV[3])

-- @include clock
-- From the latest, because claims that end meanwhile make room: what is passed over in their place is due before they were.
local marks = redis.call('ZRANGE', due_key, '+inf', '(' .. now, 'BYSCORE', 'REV', 'LIMIT', offset, limit, 'WITHSCORES')
local claimed = 0
for i = 1, #marks, 2 do
  local score = tonumber(marks[i + 1])
  -- A lease ends on a half millisecond.
  if score % 1 == 0.5 and score <= now_ms + horizon_ms then
    claimed = claimed + 1
  else
    redis.call('ZADD', due_key, 'XX', now, marks[i])
  end
end
return { #marks / 2, claimed }
