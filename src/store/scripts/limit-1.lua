#!lua
--[[
  limit: counts more requests of a bucket in its window, which begins with the first.

  KEYS[1]  limit:BUCKET

  ARGV[1]  the length of the window, ms
  ARGV[2]  how many more

  Output: {requests of this window so far, ms until it ends}
]]
local bucket_key = KEYS[1]
local window_ms = tonumber(ARGV[1])
local more = tonumber(ARGV[2])

redis.call('SET', bucket_key, 0, 'PX', window_ms, 'NX')
return {redis.call('INCRBY', bucket_key, more), redis.call('PTTL', bucket_key)}
