#!lua flags=no-writes
--[[
  dead: a page of the dead letters, in the order in which they died.

  KEYS[1]  tickets:dead
  KEYS[2]  tickets:failures

  ARGV[1]  score and
  ARGV[2]  id of the last one of the page before; '' for the first page
  ARGV[3]  dead letters at most
  ARGV[4]  bytes of failures at most, passed by one at most: older versions of the service have kept reasons of any length

  Output: { dead letters in all, 1 when others follow else 0, id, score, failure, ... }
  failure: the JSON of retry; '' when there is none
]]
local dead_key, failures_key = KEYS[1], KEYS[2]
local after_score, after_id = ARGV[1], ARGV[2]
local limit = tonumber(ARGV[3])
local bytes_max = tonumber(ARGV[4])

-- Those of the same millisecond, of which there are as many as a flush takes, stand in the order of their ids as text.
local seen = 0
if after_id ~= '' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', dead_key, after_score, after_score)) do
    if id <= after_id then seen = seen + 1 end
  end
end
local from = after_id == '' and '-inf' or after_score
local found = redis.call('ZRANGEBYSCORE', dead_key, from, '+inf', 'WITHSCORES', 'LIMIT', seen, limit + 1)

local page, bytes, last = { redis.call('ZCARD', dead_key), 0 }, 0, 0
for i = 1, math.min(#found, 2 * limit), 2 do
  if bytes >= bytes_max then break end
  local failure = redis.pcall('HGET', failures_key, found[i])
  page[#page + 1] = found[i]
  page[#page + 1] = found[i + 1]
  page[#page + 1] = type(failure) == 'string' and failure or ''
  bytes = bytes + #page[#page]
  last = i + 1
end
page[2] = #found > last and 1 or 0
return page
