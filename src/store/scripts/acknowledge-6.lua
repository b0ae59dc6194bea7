#!lua flags=allow-oom
--[[
  acknowledge: records what MySQL holds now. The mark goes only where the ticket is still what was written;
  one that has changed is due again.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:archived
  KEYS[3]  tickets:failures
  KEYS[4]  tickets:acknowledged
  KEYS[5]  tickets:synced
  KEYS[6]  tickets:index, and the keys that begin with it

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2]     seconds that a closed ticket, or the tombstone of a deleted one, stays in Redis
  ARGV[3]     score of the lease, as claim gave it
  ARGV[4...]  id, version that was written

  Output: { how many tickets are in step with MySQL now, the ids of those that are older here than what was written };
          the others have changed since the claim
]]
local due_key, archived_key, failures_key, acknowledged_key, synced_key, index_key = unpack(KEYS)
local ticket_prefix = ARGV[1]
local retention_seconds = tonumber(ARGV[2])
local lease_score = tonumber(ARGV[3])

-- @include clock
-- @include other_type
-- @include chunks
-- @include index
-- @include apply_index
-- @include archived
-- @include stamps
-- @include renew_stamps
-- @include removed
-- @include witnesses

local in_step, older, ids, written_now = {}, {}, {}, {}
-- The highest id that was written, by range.
local highest = {}
for i = 4, #ARGV, 2 do
  local id, written = ARGV[i], ARGV[i + 1]
  ids[#ids + 1] = id
  local key = ticket_prefix .. id
  local held = redis.pcall('HMGET', key, 'version', 'synced_version', 'closed_at', unpack(INDEXED))
  if is_other_type(held) then held = {} end
  local version, synced, closed, deleted = held[1], held[2], held[3], held[7]
  if version == written or not version then
    if version then
      redis.call('HSET', key, 'synced_version', written)
      redis.call('HDEL', key, 'first_version')
      set_index(id, to_state(true, unpack(held, 4, 7)), false)
      if synced ~= written and not deleted then settle(held[4], 1) end
    else
      -- Nobody knows where it was indexed.
      index_failed = true
    end
    if closed or deleted then redis.call('EXPIRE', key, retention_seconds) end
    in_step[#in_step + 1] = id
  elseif tonumber(version) and tonumber(version) < tonumber(written) then
    -- Another server than the one that it was claimed on, which has less.
    older[#older + 1] = id
  else
    if not synced or tonumber(synced) < tonumber(written) then redis.call('HSET', key, 'synced_version', written) end
    redis.call('HDEL', key, 'first_version')
    set_index(id, to_state(nil, unpack(held, 4, 7)), to_state(true, unpack(held, 4, 7)))
    -- A change that is not due by itself has left the lease in place.
    local score = redis.call('ZSCORE', due_key, id)
    if score and tonumber(score) == lease_score then redis.call('ZADD', due_key, 'XX', now, id) end
  end
  -- A tombstone is no witness: it goes from MySQL in its time, and a WordPress site has nothing of it.
  if older[#older] ~= id and not deleted then written_now[#written_now + 1] = id .. ':' .. written end
  local range = range_of(id)
  highest[range] = math.max(highest[range] or 0, tonumber(id))
end
apply_index()
renew_stamps(acknowledged_key, ids)
local removed = 0
in_chunks(in_step, function(...)
  removed = removed + redis.call('ZREM', due_key, ...)
  -- Of another type it holds no failure to forget.
  redis.pcall('HDEL', failures_key, ...)
end)
for range, id in pairs(highest) do raise(archived_key, range, id) end
count_removed(synced_key, removed)
keep_witnesses(synced_key, written_now)
return { #in_step, older }
