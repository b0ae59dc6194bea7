-- Calls with all of the values, some at a time: Lua's stack bounds the arguments of one call. An even
-- number, so that pairs stay together.
local ARGUMENTS_MAX = 1000
local function in_chunks(values, call)
  for i = 1, #values, ARGUMENTS_MAX do
    call(unpack(values, i, math.min(i + ARGUMENTS_MAX - 1, #values)))
  end
end

-- Sets all of { field, value, ... }.
local function hset(key, values)
  in_chunks(values, function(...) redis.call('HSET', key, ...) end)
end
