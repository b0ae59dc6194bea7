-- What MySQL holds has changed otherwise than by what settle was told: it is to be counted anew. Needs index and now_ms.
local function begin_settled_epoch()
  if is_index_off() then return end
  local epoch = redis.pcall('HGET', index_key, 'settled_epoch')
  redis.pcall('HSET', index_key, 'settled_epoch', string.format('%.0f', math.max((type(epoch) == 'string' and tonumber(epoch) or 0) + 1, now_ms)))
end
