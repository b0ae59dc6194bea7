-- Whether the indexes can be believed. Each mark has its entry, so that another number of entries than of marks tells of an instance
-- of an older version, or another program, that has set or removed marks alone. Needs index_layout and other_type.
local function count_marks(due_key, dead_key)
  local due, dead = redis.pcall('ZCARD', due_key), redis.pcall('ZCARD', dead_key)
  return (is_other_type(due) and 0 or due) + (is_other_type(dead) and 0 or dead)
end

local function count_indexed()
  local total = 0
  local fields = redis.call('HGETALL', index_key)
  for i = 1, #fields, 2 do
    if string.find(fields[i], '^status:[^,]*$') then total = total + tonumber(fields[i + 1]) end
  end
  return total
end

local function are_indexes_whole(due_key, dead_key)
  local held = redis.pcall('HMGET', index_key, 'state', 'unindexed')
  if is_other_type(held) or held[1] ~= INDEXED_AS then return false end
  return count_marks(due_key, dead_key) == count_indexed() + (tonumber(held[2]) or 0)
end
