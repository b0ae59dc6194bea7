-- Counts marks that have gone on purpose in tickets:synced, so that those that go otherwise can be told (checkpoint).
local function count_removed(synced_key, count)
  if count == 0 then return end
  local removed = redis.pcall('HGET', synced_key, 'removed')
  -- Of another type: checkpoint begins it anew.
  if is_other_type(removed) then return end
  redis.call('HSET', synced_key, 'removed', string.format('%.0f', (tonumber(removed) or 0) + count))
end
