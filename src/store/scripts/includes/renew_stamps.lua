-- Changes the stamps of these ids: MySQL holds something new of them. All get the same, which none has had before: calls are counted, and
-- a clock that was set back repeats none.
local function renew_stamps(acknowledged_key, ids)
  local kind = redis.call('TYPE', acknowledged_key).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', acknowledged_key) end
  local calls = string.format('%.0f', (tonumber(redis.call('HGET', acknowledged_key, 'calls')) or 0) + 1)
  local stamp = now .. '.' .. calls
  local seen, stamps = {}, { 'calls', calls }
  for _, id in ipairs(ids) do
    local bucket = bucket_of(id)
    if not seen[bucket] then
      seen[bucket] = true
      stamps[#stamps + 1] = bucket
      stamps[#stamps + 1] = stamp
    end
  end
  hset(acknowledged_key, stamps)
end
