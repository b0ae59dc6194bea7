#!lua flags=allow-oom
--[[
  claim: takes due tickets for one flush by moving their score to the end of a lease, and reads them.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:archived_max
  KEYS[3]  tickets:dead
  KEYS[4]  tickets:failures

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2]     lease, ms
  ARGV[3]     tickets at most
  ARGV[4]     bytes of tickets at most, passed by one ticket at most
  ARGV[5]     only what was due at this time, ms; '' for now. Not looked at when ids are given
  ARGV[6...]  ids: these and no others, whenever they are due, and dead letters too

  Output: { now in ms, 1 when archived_max is known else 0, score of the lease, left, tickets }
  left:    ids that were not looked at, or tickets that are due and were not taken
  tickets: a JSON array, because clients read one long text much faster than thousands of short ones; per ticket
           { id, since, { field, value, ... } }; since: when it became due, ms, or now
           { id, since }: there is no hash, or it is no ticket's id; the mark is removed
           { id, since, { '' } }: the key is no hash
]]
local due_key, archived_max_key, dead_key, failures_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ticket_prefix = ARGV[1]
local lease_ms = tonumber(ARGV[2])
local tickets_max = tonumber(ARGV[3])
local bytes_max = tonumber(ARGV[4])
local due_by = tonumber(ARGV[5])

-- @include clock
due_by = due_by or now_ms
-- The half marks a lease: due times are whole milliseconds.
local lease_score = string.format('%.1f', now_ms + lease_ms + 0.5)

local given = #ARGV - 5
local found = given > 0 and {} or redis.call('ZRANGEBYSCORE', due_key, '-inf', due_by, 'WITHSCORES', 'LIMIT', 0, tickets_max)
local count = given > 0 and given or #found / 2

-- @include is_id
-- @include other_type
-- @include chunks

local tickets, bytes, looked = {}, 0, 0
-- What is changed in the end: if a ticket cannot be looked at, nothing is.
local leases, gone, revived = {}, {}, {}

-- The i-th id, and its score; nil for one that is given and in step with MySQL already.
local function entry(i)
  if given == 0 then return found[2 * i - 1], found[2 * i] end
  local id = ARGV[5 + i]
  local score = redis.call('ZSCORE', due_key, id)
  if not score and type(redis.pcall('ZSCORE', dead_key, id)) == 'string' then
    revived[#revived + 1] = id
    score = now_ms
  end
  return id, score
end

for i = 1, count do
  if bytes >= bytes_max then break end
  looked = looked + 1
  local id, score = entry(i)
  if score then
    local flat = is_id(id) and redis.pcall('HGETALL', ticket_prefix .. id) or {}
    if is_other_type(flat) then flat = { '' } end
    if #flat == 0 then
      gone[#gone + 1] = id
    else
      leases[#leases + 1] = lease_score
      leases[#leases + 1] = id
    end
    local since = math.floor(math.max(0, math.min(tonumber(score), now_ms)))
    -- An empty table would be an object.
    local ticket = cjson.encode({ id, since, #flat > 0 and flat or nil })
    bytes = bytes + #ticket
    tickets[#tickets + 1] = ticket
  end
end
in_chunks(leases, function(...) redis.call('ZADD', due_key, ...) end)
in_chunks(revived, function(...) redis.call('ZREM', dead_key, ...) end)
in_chunks(gone, function(...)
  redis.call('ZREM', due_key, ...)
  redis.pcall('HDEL', failures_key, ...)
end)

local left = given > 0 and given - looked or redis.call('ZCOUNT', due_key, '-inf', due_by)
local archived_max = redis.pcall('GET', archived_max_key)
local known = type(archived_max) == 'string' and tonumber(archived_max) and 1 or 0
return { now_ms, known, lease_score, left, '[' .. table.concat(tickets, ',') .. ']' }
