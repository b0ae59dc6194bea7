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
  KEYS[7]  tickets:index, and the keys that begin with it
  KEYS[8]  tickets:changes

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
                kind      'create' | 'import' | 'update' | 'delete' | 'erase' | 'restore'
                id        the ticket's
                asked     the stamp (see -2) since which MySQL was asked. create, import, update, delete, erase: it does not hold the id;
                          restore: set is what it holds. '': it was not asked, and so it is when the stamp is another by now
                highest   create, import that was asked for: the highest id of its range that MySQL holds; '' when that is not known
                versions  update, delete: ',v1,v2,', the versions that are allowed; '': any
                set       array of field, value, ...; erase: customer_id, and up_to, ms: what was created later stays
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
  ARGV[14]    seconds that a change stays in the change log

  Output: 0 when the deadline has passed, -1 when tickets:due is no sorted set; nothing was changed.
  Else a JSON array, because clients read one long text much faster than hundreds of short ones; per operation one of
    "version"       create, import: done; it is now in ms, and the times are now in seconds
                    delete, erase: done
    "version,previous,updated_at"  update with the answer 'version': done; the version and updated_at that the ticket had before
    [field, ...]    update, restore: done; all fields and values of the ticket
    [0, result]     an earlier operation with this idempotency_key and index had the result; instead of a ticket of more than
                    2048 characters as JSON, the ticket as it is now, or -4
    -1  create, import: the ticket exists
    [-2, stamp]  Redis does not hold the ticket, and MySQL may; or an earlier one of the same caller had this result. What MySQL
                 says from now on is to be sent with the stamp, which is '' when it cannot be told
    [-3, stamp]  create, import: the same, and nothing is known of the range of the id; or an earlier one had this result
    -4  update, delete: there is no such ticket
    -5  update, delete: the version is none of the allowed; erase: the ticket is not the customer's, or was created later
    -6  update: more than 50 custom fields
    -7  the key holds no ticket: no hash, or a field is missing or not what it must be
    -8  Redis failed in the middle of the operation, and its own log says how; the ticket is marked as due
        if it may have been changed
    -9  the idempotency_key was used with another fingerprint; nothing was changed
   -10  update, delete with as_of: the ticket has changed since, and this would change it; nothing was changed
   -11  the slot is being moved to another server of the Cluster; nothing was changed
   -12  restore: a newer version of the service has registered fields that the caller does not know, and so has not read
        from MySQL; nothing was changed
   -13  instead of the results of all operations on a ticket and on those that follow it: the call has read and answered ARGV[13], and has
        not begun with them. The first ticket is always begun with
   -14  the ticket was deleted, and its tombstone is there
]]
local EXISTS, MAYBE_ARCHIVED, RANGE_UNKNOWN = -1, -2, -3
local MISSING, VERSION_CONFLICT, TOO_MANY_CUSTOM_FIELDS, CORRUPT, FAILED = -4, -5, -6, -7, -8
local IDEMPOTENCY_MISMATCH, OUTDATED, MOVING, NEWER_FIELDS, NOT_BEGUN, DELETED, REPLAYED = -9, -10, -11, -12, -13, -14, 0

local due_key, archived_key, dead_key, failures_key, fields_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local acknowledged_key, index_key, changes_key = KEYS[6], KEYS[7], KEYS[8]
local deadline = tonumber(ARGV[1])
local ticket_prefix = ARGV[2]
local retention_seconds = tonumber(ARGV[3])
local closed_statuses = ARGV[8]
local idempotency_prefix = ARGV[9]
local idempotency_seconds = tonumber(ARGV[10])
local known_fields = ARGV[12]
local hash_bytes_max = tonumber(ARGV[13])
local changes_seconds = tonumber(ARGV[14])

-- @include clock
if now_ms > deadline then return 0 end

-- @include other_type

-- Does nothing, but tells whether it is a sorted set, and fails for a user who may not set marks, before anything is changed: a ticket
-- that was changed and has no mark is never pushed.
if is_other_type(redis.pcall('ZADD', due_key, 'XX', '+inf', '')) then return -1 end

local function value_of(set, name)
  for i = 1, #set, 2 do
    if set[i] == name then return set[i + 1] end
  end
end

-- What is made when it is first called. Most calls have one kind of operation, and many have one operation: to make the functions of
-- the others would cost as much as to apply it.
local function lazy(make)
  local made
  return function(...)
    made = made or make()
    return made(...)
  end
end

-- @include marks

-- @include chunks
-- @include is_custom
-- @include stamps
-- @include index
-- @include changes

local apply_index = lazy(function()
-- @include apply_index
  return apply_index
end)

local is_ticket = lazy(function()
-- @include is_ticket
  return is_ticket
end)

-- @include read_ticket

local create_marked = lazy(function()
-- @include archived
-- @include create
  return create_marked
end)

local bury = lazy(function()
-- @include bury
  return bury
end)

local kinds = {
  create = function(...) return create_marked(mark_due, ...) end,

  -- What has had a life elsewhere is history, whatever its status: it is due at once.
  import = function(...) return create_marked(mark_now, ...) end,

  update = lazy(function()
-- @include update
    return update
  end),

  delete = lazy(function()
-- @include delete
    return delete
  end),

  erase = lazy(function()
-- @include is_later
-- @include erase
    return erase
  end),

  restore = lazy(function()
-- @include unknown_fields
-- @include restore
    return restore
  end),
}

-- What MySQL said may be outdated by now.
local function still_asked(id, asked)
  return asked ~= '' and asked == stamp_of(acknowledged_key, id) and asked or ''
end

local function apply(kind, id, asked, ...)
  return kinds[kind](ticket_prefix .. id, id, still_asked(id, asked), ...)
end

local apply_once = lazy(function()
-- @include apply_once
  return apply_once
end)

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
  if is_index_touched() then apply_index() end
  log_changes(marked_ids())
  -- What was refused may be right now.
  if redis.call('EXISTS', dead_key) == 1 then
    for i = 2, #marks, 2 do
      if redis.pcall('ZREM', dead_key, marks[i]) == 1 then redis.pcall('HDEL', failures_key, marks[i]) end
    end
  end
end
return cjson.encode(results)
