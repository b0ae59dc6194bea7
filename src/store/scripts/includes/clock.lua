-- Redis's clock: seconds as text, milliseconds as text, and as a number. To write a number as text would cost as much as a command.
local time = redis.call('TIME')
local now_s = time[1]
local now = now_s .. string.sub('00000' .. time[2], -6, -4)
local now_ms = tonumber(now)
