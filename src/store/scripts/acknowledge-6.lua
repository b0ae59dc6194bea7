#!lua flags=allow-oom
--[[
  acknowledge: records what MySQL holds now. The mark goes only where the ticket is still what was written;
  one that has changed is due again.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS. What was written is given and not read again: a call that reads
  more of each ticket takes half as long again.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:archived
  KEYS[3]  tickets:failures
  KEYS[4]  tickets:acknowledged
  KEYS[5]  tickets:synced
  KEYS[6]  tickets:index, and the keys that begin with it

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2]     seconds that a closed ticket, or the tombstone of a deleted one, stays in Redis
  ARGV[3]     score of the lease, as claim gave it
  ARGV[4...]  of each ticket that was written: id, version, 1 for one that stays for these seconds and '' for one that stays, and how
              its version is indexed: status, '' of a tombstone; assignee, 0 for none; customer

  Output: { how many tickets are in step with MySQL now, the ids of those that are older here than what was written };
          the others have changed since the claim
]]
local due_key, archived_key, failures_key, acknowledged_key, synced_key, index_key = unpack(KEYS)
local ticket_prefix = ARGV[1]
local retention_seconds = ARGV[2]
local lease_score = tonumber(ARGV[3])

-- @include clock
-- @include other_type
-- @include chunks
-- @include index_layout
-- @include index
-- @include apply_index
-- @include archived
-- @include stamps
-- @include renew_stamps
-- @include removed
-- @include witnesses

local ARGUMENTS_PER_TICKET = 6

local in_step, older, ids = {}, {}, {}
-- Where the tickets that MySQL holds stand in ARGV. A tombstone is no witness: it goes from MySQL in its time, and a WordPress site has
-- nothing of it.
local witnesses = {}
-- The highest id that was written, by range.
local highest = {}
for i = 4, #ARGV, ARGUMENTS_PER_TICKET do
  local id, written, is_kept, status, assignee, customer = unpack(ARGV, i, i + ARGUMENTS_PER_TICKET - 1)
  local key, number, is_tombstone, is_older = ticket_prefix .. id, tonumber(id), status == '', false
  ids[#ids + 1] = id
  local held = redis.pcall('HMGET', key, 'version', 'synced_version')
  if is_other_type(held) then held = {} end
  local version, synced = held[1], held[2]
  if version == written then
    redis.call('HSET', key, 'synced_version', written)
    -- What MySQL has had has none.
    if not synced then redis.call('HDEL', key, 'first_version') end
    if is_kept ~= '' then redis.call('EXPIRE', key, retention_seconds) end
    -- At once: a ticket is acknowledged once in a call.
    if not is_index_off() then put_change(id, is_tombstone and { status, nil, nil, true } or { status, assignee, customer, true }, false) end
    if synced ~= written and not is_tombstone then settle(status, 1) end
    in_step[#in_step + 1] = id
  elseif not version then
    -- Nobody knows where it was indexed.
    index_failed = true
    in_step[#in_step + 1] = id
  elseif tonumber(version) and tonumber(version) < tonumber(written) then
    -- Another server than the one that it was claimed on, which has less.
    is_older = true
    older[#older + 1] = id
  else
    if not synced or tonumber(synced) < tonumber(written) then redis.call('HSET', key, 'synced_version', written) end
    redis.call('HDEL', key, 'first_version')
    -- One that another flush has brought to MySQL meanwhile is in no index.
    if synced ~= version and not is_index_off() then put(id, HELD, true, number) end
    -- A change that is not due by itself has left the lease in place.
    local score = redis.call('ZSCORE', due_key, id)
    if score and tonumber(score) == lease_score then redis.call('ZADD', due_key, 'XX', now, id) end
  end
  if not is_older and not is_tombstone then witnesses[#witnesses + 1] = i end
  local range = number - number % ARCHIVED_RANGE
  if not highest[range] or number > highest[range] then highest[range] = number end
end
apply_index()
renew_stamps(acknowledged_key, ids)
local removed = 0
in_chunks(in_step, function(...)
  removed = removed + redis.call('ZREM', due_key, ...)
  -- Of another type it holds no failure to forget.
  redis.pcall('HDEL', failures_key, ...)
end)
for _, id in pairs(highest) do raise(archived_key, range_of(id), id) end
count_removed(synced_key, removed)
local last = {}
for i = math.max(1, #witnesses - WITNESSES_MAX + 1), #witnesses do last[#last + 1] = ARGV[witnesses[i]] .. ':' .. ARGV[witnesses[i] + 1] end
keep_witnesses(synced_key, last)
return { #in_step, older }
