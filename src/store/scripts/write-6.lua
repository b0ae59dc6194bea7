#!lua
--[[
  write: applies operations to tickets, in order, each one whole or not at all.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:archived
  KEYS[3]  tickets:dead
  KEYS[4]  tickets:failures
  KEYS[5]  tickets:fields
  KEYS[6]  tickets:acknowledged

  ARGV[1]     deadline, ms of Redis's clock: a call that starts later changes nothing
  ARGV[2]     what stands before an id in a ticket's key
  ARGV[3]     seconds that a ticket stays that was restored for a change
  ARGV[4..7]  ms from now until a change is due ('inf': not until closed), for
              (was open, is open), (was open, is closed), (was closed, is open), (was closed, is closed)
  ARGV[8]     the statuses that close a ticket, ',s1,s2,'
  ARGV[9]     what stands before an Idempotency-Key
  ARGV[10]    seconds that one is kept after its last use
  ARGV[11]    the operations, a JSON array of arrays of those that one caller sends for one ticket; each is
              an array, and everything in it is text:
                kind      'create' | 'update' | 'restore'
                id        the ticket's
                asked     the stamp (see -2) since which MySQL was asked. create, update: it does not hold the id;
                          restore: set is what it holds. '': it was not asked, and so it is when the stamp is another by now
                highest   create that was asked for: the highest id of its range that MySQL holds; '' when that is not known
                versions  update: ',v1,v2,', the versions that are allowed; '': any
                set       array of field, value, ...
                remove    update: array of names; 'custom_fields' takes every 'custom_fields.*' along
                answer    update: 'ticket' | 'version'; restore: seconds that the ticket stays, for a read, which leaves memory to
                          writes; else ''
                and, for an operation that is to be applied once:
                idempotency_key  of a caller, CALLER:KEY
                fingerprint  of the request; a key stands for one request
                index        of the operation in the request
                and, for one that was accepted earlier and comes late:
                as_of        when, in ms: what has changed since is newer, unless operations with as_of have
                             changed it, which come in their order. The field replayed of the ticket holds
                             the version that the last of these gave it
  ARGV[12]    the fields of a ticket that the caller knows, ',f1,f2,'
  ARGV[13]    bytes of hashes that were read and answered, after which no further ticket is begun with

  Output: 0 when the deadline has passed, -1 when tickets:due is no sorted set; nothing was changed.
  Else a JSON array, because clients read one long text much faster than hundreds of short ones; per operation one of
    "version"       create: done; it is now in ms, and the times are now in seconds
    "version,previous,updated_at"  update with the answer 'version': done; the version and updated_at that the ticket had before
    [field, ...]    update, restore: done; all fields and values of the ticket
    [0, result]     an earlier operation with this idempotency_key and index had the result; instead of a ticket of more than
                    2048 characters as JSON, the ticket as it is now, or -4
    -1  create: the ticket exists
    [-2, stamp]  Redis does not hold the ticket, and MySQL may; or an earlier one of the same caller had this result. What MySQL
                 says from now on is to be sent with the stamp, which is '' when it cannot be told
    [-3, stamp]  create: the same, and nothing is known of the range of the id; or an earlier one had this result
    -4  update: there is no such ticket
    -5  update: the version is none of the allowed
    -6  update: more than 50 custom fields
    -7  the key holds no ticket: no hash, or a field is missing or not what it must be
    -8  Redis failed in the middle of the operation, and its own log says how; the ticket is marked as due
        if it may have been changed
    -9  the idempotency_key was used with another fingerprint; nothing was changed
   -10  update with as_of: the ticket has changed since, and this would change it; nothing was changed
   -11  the slot is being moved to another server of the Cluster; nothing was changed
   -12  restore: a newer version of the service has registered fields that the caller does not know, and so has not read
        from MySQL; nothing was changed
   -13  instead of the results of all operations on a ticket and on those that follow it: the call has read and answered ARGV[13], and has
        not begun with them. The first ticket is always begun with
]]
local EXISTS, MAYBE_ARCHIVED, RANGE_UNKNOWN = -1, -2, -3
local MISSING, VERSION_CONFLICT, TOO_MANY_CUSTOM_FIELDS, CORRUPT, FAILED = -4, -5, -6, -7, -8
local IDEMPOTENCY_MISMATCH, OUTDATED, MOVING, NEWER_FIELDS, NOT_BEGUN, REPLAYED = -9, -10, -11, -12, -13, 0

local due_key, archived_key, dead_key, failures_key, fields_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local acknowledged_key = KEYS[6]
local deadline = tonumber(ARGV[1])
local ticket_prefix = ARGV[2]
local retention_seconds = tonumber(ARGV[3])
local closed_statuses = ARGV[8]
local idempotency_prefix = ARGV[9]
local idempotency_seconds = tonumber(ARGV[10])
local known_fields = ARGV[12]
local hash_bytes_max = tonumber(ARGV[13])
local due_in = { tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]) }

-- @include clock
if now_ms > deadline then return 0 end
local due_type = redis.call('TYPE', due_key).ok
if due_type ~= 'zset' and due_type ~= 'none' then return -1 end
-- Does nothing, but fails for a user who may not set marks, before anything is changed: a ticket that was changed and
-- has no mark is never pushed.
redis.call('ZADD', due_key, 'XX', '+inf', '')

local due_score = {}
for i, delay in ipairs(due_in) do
  due_score[i] = delay == math.huge and '+inf' or string.format('%.0f', now_ms + delay)
end

-- Score, member, ...: the marks of all operations, set at once at the end. An operation adds its mark
-- before it writes, so that none is changed without one.
local marks = {}
local function mark_due(id, was_closed, is_closed)
  marks[#marks + 1] = due_score[(was_closed and 2 or 0) + (is_closed and 1 or 0) + 1]
  marks[#marks + 1] = id
end

local function is_closed_status(status)
  return string.find(closed_statuses, ',' .. status .. ',', 1, true) ~= nil
end

-- What closed a ticket may not be configured any more: one that has been closed stays closed until its status changes.
local function is_closed_ticket(fields)
  return fields.closed_at ~= nil or is_closed_status(fields.status)
end

local function value_of(set, name)
  for i = 1, #set, 2 do
    if set[i] == name then return set[i + 1] end
  end
end

-- @include is_ticket
-- @include other_type
-- @include chunks
-- @include unknown_fields
-- @include stamps
-- @include archived

-- The highest ids, by range, as far as they are known: many creates look at one range once.
local highest_by_range = {}

-- Why MySQL must be asked before the ticket is created; nil: it need not.
local function undecided_by(id)
  local range = range_of(id)
  if not highest_by_range[range] then
    local highest, is_asking = highest_of(archived_key, range)
    if not highest then ask_for(archived_key, range) end
    if not highest or is_asking then return RANGE_UNKNOWN end
    highest_by_range[range] = highest
  end
  return tonumber(id) <= highest_by_range[range] and MAYBE_ARCHIVED or nil
end

local function create(key, id, asked, highest, _, set, _, _, as_of)
  if redis.call('EXISTS', key) == 1 then return EXISTS end
  if asked == '' then
    local undecided = undecided_by(id)
    if undecided then return undecided end
  elseif highest ~= '' then
    learn(archived_key, range_of(id), tonumber(highest))
  end
  local is_closed = is_closed_status(value_of(set, 'status'))
  mark_due(id, false, is_closed)
  -- The caller's created_at, if there is one, comes later and so stands.
  -- first_version: what MySQL holds in an older version is not this ticket. It goes when MySQL has the ticket.
  redis.call('HSET', key, 'ticket_id', id, 'version', now, 'first_version', now, 'created_at', now_s, 'updated_at', now_s, unpack(set))
  if is_closed then redis.call('HSET', key, 'closed_at', now_s) end
  if as_of then redis.call('HSET', key, 'replayed', now) end
  return now
end

-- Tickets as they are now, by id, so that many operations on one read and judge it once.
local known = {}

local hash_bytes = 0

local function read(key, id, asked)
  if known[id] then return known[id] end
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return nil, CORRUPT end
  if #flat == 0 then return nil, asked == '' and MAYBE_ARCHIVED or MISSING end
  local fields = {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
    hash_bytes = hash_bytes + #flat[i + 1]
  end
  if not is_ticket(fields) then return nil, CORRUPT end
  known[id] = fields
  return fields
end

-- The names in remove that the ticket has, as a set.
local function to_be_removed(fields, remove)
  local removed = {}
  for _, name in ipairs(remove) do
    if name == 'custom_fields' then
      for field in pairs(fields) do removed[field] = is_custom(field) or removed[field] end
    elseif fields[name] then
      removed[name] = true
    end
  end
  return removed
end

-- Only what adds custom fields is refused for their number: a foreign program may have written more.
local function has_too_many_custom_fields(fields, set, removed)
  local added, kept = 0, 0
  for i = 1, #set, 2 do
    if is_custom(set[i]) and (not fields[set[i]] or removed[set[i]]) then added = added + 1 end
  end
  if added == 0 then return false end
  for name in pairs(fields) do
    if is_custom(name) and not removed[name] then kept = kept + 1 end
  end
  return kept + added > CUSTOM_FIELDS_MAX
end

local function would_change(fields, set, remove)
  for i = 1, #set, 2 do
    if fields[set[i]] ~= set[i + 1] then return true end
  end
  return next(to_be_removed(fields, remove)) ~= nil
end

local function to_flat(fields)
  local all = {}
  for name, value in pairs(fields) do
    all[#all + 1] = name
    all[#all + 1] = value
    hash_bytes = hash_bytes + #value
  end
  return all
end

local function update(key, id, asked, _, versions, set, remove, answer, as_of)
  local fields, failure = read(key, id, asked)
  if not fields then return failure end
  if versions ~= '' and not string.find(versions, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end
  if as_of and fields.version ~= fields.replayed and tonumber(fields.version) > tonumber(as_of) then
    return would_change(fields, set, remove) and OUTDATED or to_flat(fields)
  end

  local was_closed = is_closed_ticket(fields)
  local status = value_of(set, 'status') or fields.status
  local is_closed = was_closed
  if status ~= fields.status then is_closed = is_closed_status(status) end
  local removed = to_be_removed(fields, remove)
  if fields.closed_at and not is_closed then removed.closed_at = true end
  if has_too_many_custom_fields(fields, set, removed) then return TOO_MANY_CUSTOM_FIELDS end

  local before = fields.version .. ',' .. fields.updated_at
  -- Text, because a number would lose its last digits as JSON.
  local version = string.format('%.0f', math.max(tonumber(fields.version) + 1, now_ms))
  set[#set + 1] = 'version'
  set[#set + 1] = version
  set[#set + 1] = 'updated_at'
  set[#set + 1] = now_s
  if is_closed and not fields.closed_at then
    set[#set + 1] = 'closed_at'
    set[#set + 1] = now_s
  end
  if as_of then
    set[#set + 1] = 'replayed'
    set[#set + 1] = version
  end

  -- If one of these fails, nobody knows how the ticket is.
  known[id] = nil
  mark_due(id, was_closed, is_closed)
  -- What MySQL does not hold must not be evicted or expire.
  redis.call('PERSIST', key)
  hset(key, set)
  for name in pairs(removed) do
    redis.call('HDEL', key, name)
    fields[name] = nil
  end
  for i = 1, #set, 2 do fields[set[i]] = set[i + 1] end
  known[id] = fields
  return answer == 'version' and version .. ',' .. before or to_flat(fields)
end

-- Reads leave the rest of maxmemory to writes, which a full Redis refuses.
local READS_SHARE = 0.8
local is_kept_for_writes
local function is_memory_kept_for_writes()
  if is_kept_for_writes == nil then
    local info = redis.call('INFO', 'memory')
    local used, max = string.match(info, 'used_memory:(%d+)'), string.match(info, 'maxmemory:(%d+)')
    is_kept_for_writes = used ~= nil and max ~= nil and tonumber(max) > 0 and tonumber(used) > tonumber(max) * READS_SHARE
  end
  return is_kept_for_writes
end

local function restore(key, _, asked, _, _, set, _, seconds)
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return CORRUPT end
  if #flat > 0 then return flat end
  if asked == '' then return MAYBE_ARCHIVED end
  if next(unknown_fields(fields_key, known_fields)) then return NEWER_FIELDS end
  if seconds ~= '' and is_memory_kept_for_writes() then return set end
  hset(key, set)
  redis.call('EXPIRE', key, tonumber(seconds) or retention_seconds)
  return set
end

local kinds = { create = create, update = update, restore = restore }
-- What MySQL said may be outdated by now.
local function still_asked(id, asked)
  return asked ~= '' and asked == stamp_of(acknowledged_key, id) and asked or ''
end

local function apply(kind, id, asked, ...)
  return kinds[kind](ticket_prefix .. id, id, still_asked(id, asked), ...)
end

-- @include apply_once

-- What goes wrong with one ticket is no reason to leave the others half done.
local function attempt(kind, id, asked, highest, versions, set, remove, answer, idempotency_key, fingerprint, index, as_of)
  local ok, result
  if idempotency_key then
    ok, result = pcall(apply_once, idempotency_key, fingerprint, index, kind, id, asked, highest, versions, set, remove, answer, as_of)
  else
    ok, result = pcall(apply, kind, id, asked, highest, versions, set, remove, answer)
  end
  if ok then return result end
  local reason = type(result) == 'table' and result.err or tostring(result)
  -- The keys of one ticket are looked at before any of them is changed.
  if string.find(reason, 'non local key', 1, true) then return MOVING end
  redis.log(redis.LOG_WARNING, 'ticket ' .. id .. ': ' .. reason)
  return FAILED
end

local results = {}
for _, operations in ipairs(cjson.decode(ARGV[11])) do
  if hash_bytes > hash_bytes_max then
    results[#results + 1] = NOT_BEGUN
    break
  end
  -- What one operation has to ask MySQL for, those that follow it wait for too.
  local undecided
  for _, operation in ipairs(operations) do
    local result = undecided or attempt(unpack(operation))
    if result == MAYBE_ARCHIVED or result == RANGE_UNKNOWN then
      undecided = { result, stamp_of(acknowledged_key, operation[2]) }
      result = undecided
    end
    results[#results + 1] = result
  end
end
if #marks > 0 then
  -- LT: a busy ticket is not postponed for ever. On a new member it adds.
  in_chunks(marks, function(...) redis.call('ZADD', due_key, 'LT', ...) end)
  -- What was refused may be right now.
  if redis.call('EXISTS', dead_key) == 1 then
    for i = 2, #marks, 2 do
      if redis.pcall('ZREM', dead_key, marks[i]) == 1 then redis.pcall('HDEL', failures_key, marks[i]) end
    end
  end
end
return cjson.encode(results)
