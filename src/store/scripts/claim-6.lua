#!lua flags=allow-oom
--[[
  claim: takes due tickets for one flush by moving their score to the end of a lease, and reads them.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:failures
  KEYS[4]  tickets:fields
  KEYS[5]  tickets:synced
  KEYS[6]  tickets:index, and the keys that begin with it: MySQL may have a row of what is claimed, from now on, also if the flush is killed.
           Nobody knows where a ticket was indexed that has vanished, and all is built anew

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2]     lease, ms
  ARGV[3]     tickets at most
  ARGV[4]     bytes of tickets at most, passed by one ticket at most
  ARGV[5]     only what was due at this time, ms; '' for now. Not looked at when ids are given
  ARGV[6]     the fields of a ticket that the caller knows, ',f1,f2,'
  ARGV[7]     horizon, ms: what lies further ahead of now counts as due. Redis's clock was set back
  ARGV[8]     a boundary that no text contains: another random one each time
  ARGV[9...]  ids: these and no others, whenever they are due, and dead letters too

  Output: { now in ms, score of the lease, left, tickets, newer }
  left:    ids that were not looked at, or tickets that are due and were not taken
  tickets: a text for each, because clients read it much faster than dozens of short ones. Between its parts is the boundary, which is
           cheaper than JSON; they are
           field, value, ..., id, score of the mark; now for a dead letter
           id, score: there is no hash, or it is no ticket's id; the mark is removed
           '', id, score: the key is no hash
  newer:   tickets that were not taken, because they have fields that the caller does not know: an instance of a newer
           version of the service takes them. Those that were not given are due again in a second
]]
local due_key, dead_key, failures_key, fields_key, synced_key, index_key = unpack(KEYS)
local ticket_prefix = ARGV[1]
local lease_ms = tonumber(ARGV[2])
local tickets_max = tonumber(ARGV[3])
local bytes_max = tonumber(ARGV[4])
local due_by = tonumber(ARGV[5])
local known_fields = ARGV[6]
local horizon_ms = tonumber(ARGV[7])
local boundary = ARGV[8]

local GIVEN_FROM = 9
local NEWER_AGAIN_MS = 1000

-- @include clock
due_by = due_by or now_ms
-- The half marks a lease: due times are whole milliseconds.
local lease_score = string.format('%.1f', now_ms + lease_ms + 0.5)

-- @include beyond

local given = #ARGV - GIVEN_FROM + 1
local found = given > 0 and {} or redis.call('ZRANGEBYSCORE', due_key, '-inf', due_by, 'WITHSCORES', 'LIMIT', 0, tickets_max)
if given == 0 and #found / 2 < tickets_max then
  local ahead = redis.call('ZRANGEBYSCORE', due_key, beyond, '(+inf', 'WITHSCORES', 'LIMIT', 0, tickets_max - #found / 2)
  for i = 1, #ahead do found[#found + 1] = ahead[i] end
end
local count = given > 0 and given or #found / 2

-- @include is_id
-- @include other_type
-- @include chunks
-- @include removed
-- @include unknown_fields
-- @include index_layout
-- @include index
-- @include apply_index

local unknown = unknown_fields(fields_key, known_fields)
local function has_unknown(flat)
  if next(unknown) == nil then return false end
  for i = 1, #flat, 2 do
    if unknown[flat[i]] then return true end
  end
  return false
end

local tickets, bytes, looked, newer = {}, 0, 0, 0
local newer_score = string.format('%.0f', now_ms + NEWER_AGAIN_MS)
-- What is changed in the end: if a ticket cannot be looked at, nothing is.
local leases, gone, redriven = {}, {}, {}

-- The i-th id, its score, and whether it is a dead letter; no score for one that is given and in step with MySQL already.
local function entry(i)
  if given == 0 then return found[2 * i - 1], found[2 * i] end
  local id = ARGV[GIVEN_FROM + i - 1]
  local score = redis.call('ZSCORE', due_key, id)
  if score or type(redis.pcall('ZSCORE', dead_key, id)) ~= 'string' then return id, score end
  return id, now, true
end

-- One that is given stays as it is.
local function leave_to_newer(id)
  newer = newer + 1
  if given > 0 then return end
  leases[#leases + 1] = newer_score
  leases[#leases + 1] = id
end

local function take(id, score, is_dead, flat)
  if is_dead then redriven[#redriven + 1] = id end
  if #flat == 0 then
    gone[#gone + 1] = id
  else
    leases[#leases + 1] = lease_score
    leases[#leases + 1] = id
    if not is_index_off() then put(id, HELD, true, tonumber(id)) end
  end
  flat[#flat + 1] = id
  flat[#flat + 1] = score
  local ticket = table.concat(flat, boundary)
  bytes = bytes + #ticket
  tickets[#tickets + 1] = ticket
end

for i = 1, count do
  if bytes >= bytes_max then break end
  looked = looked + 1
  local id, score, is_dead = entry(i)
  if score then
    local flat = is_id(id) and redis.pcall('HGETALL', ticket_prefix .. id) or {}
    if is_other_type(flat) then flat = { '' } end
    if has_unknown(flat) then leave_to_newer(id) else take(id, score, is_dead, flat) end
  end
end
in_chunks(leases, function(...) redis.call('ZADD', due_key, ...) end)
in_chunks(redriven, function(...) redis.call('ZREM', dead_key, ...) end)
in_chunks(gone, function(...)
  redis.call('ZREM', due_key, ...)
  redis.pcall('HDEL', failures_key, ...)
end)
count_removed(synced_key, #gone)
index_failed = #gone > 0
apply_index()

local left = given > 0 and given - looked or redis.call('ZCOUNT', due_key, '-inf', due_by) + redis.call('ZCOUNT', due_key, beyond, '(+inf')
return { now_ms, lease_score, left, tickets, newer }
