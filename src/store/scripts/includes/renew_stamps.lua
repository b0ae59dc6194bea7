-- Changes the stamps of these ids: MySQL holds something new of them.
local function renew_stamps(acknowledged_key, ids)
  local seen, buckets = {}, {}
  for _, id in ipairs(ids) do
    local bucket = bucket_of(id)
    if not seen[bucket] then
      seen[bucket] = true
      buckets[#buckets + 1] = bucket
    end
  end
  local kind = redis.call('TYPE', acknowledged_key).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', acknowledged_key) end
  in_chunks(buckets, function(...)
    local stamps, asked = {}, { ... }
    for i, held in ipairs(redis.call('HMGET', acknowledged_key, ...)) do
      stamps[2 * i - 1] = asked[i]
      -- A clock that was set back does not repeat one.
      stamps[2 * i] = string.format('%.0f', math.max((tonumber(held) or 0) + 1, now_ms))
    end
    hset(acknowledged_key, stamps)
  end)
end
