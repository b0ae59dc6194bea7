-- Redis's clock: seconds as text, milliseconds, and these as text, because tostring would write so
-- long a number with an exponent.
local time = redis.call('TIME')
local now_s = time[1]
local now_ms = tonumber(now_s) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now = string.format('%.0f', now_ms)
