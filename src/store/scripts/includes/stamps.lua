-- What MySQL said of a ticket is outdated once MySQL has received another version of it. The stamp of a bucket of ids
-- changes whenever it has, and all stamps do when another server, or older data, takes over: who asks MySQL takes the
-- stamp before, and what it says counts while that is still the stamp. A prime above the number of partitions, so that
-- the ids of each are spread over all buckets.
local STAMP_BUCKETS = 1031
local function bucket_of(id) return string.format('%d', tonumber(id) % STAMP_BUCKETS) end

-- '' when it cannot be told: the slot is being moved.
local function stamp_of(acknowledged_key, id)
  local held = redis.pcall('HMGET', acknowledged_key, bucket_of(id), 'server')
  -- Of another type it holds none, until the next acknowledgement makes it anew.
  if held.err then return string.find(held.err, 'WRONGTYPE', 1, true) and '0' or '' end
  return (held[1] or '0') .. '-' .. (held[2] or '0')
end
