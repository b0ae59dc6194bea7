#!lua flags=allow-cross-slot-keys
--[[
  write: applies operations to tickets, in order, each one whole or not at all.
  The tickets may be of several partitions of a Cluster, as long as this server has them: what one of them is refused or fails with
  leaves the others alone. Each partition's keys are in one slot.

  Touches, of each partition, the keys of `@keys`, those that begin with tickets:index, and the hashes of tickets and
  Idempotency-Keys. None is among KEYS, which must be of one slot.

  @settings, the same in all calls of a service:
    RETENTION_SECONDS    that a ticket stays that was restored for a change
    DUE_IN               ms from now until a change is due ('inf': not until closed), for
                         (was open, is open), (was open, is closed), (was closed, is open), (was closed, is closed)
    CLOSED_STATUSES      the statuses that close a ticket, ',s1,s2,'
    IDEMPOTENCY_SECONDS  that an Idempotency-Key is kept after its last use
    KNOWN_FIELDS         the fields of a ticket that the caller knows, ',f1,f2,'
    HASH_BYTES_MAX       bytes of hashes that were read and answered, after which no further ticket is begun with
    CHANGES_SECONDS      that a change stays in the change log

  ARGV[1]     deadline, ms of Redis's clock: a call that starts later changes nothing
  ARGV[2i]    for each partition, what its keys begin with
  ARGV[2i+1]  its operations, a JSON array of arrays of those that one caller sends for one ticket; each is
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

  Output: 0 when the deadline has passed; nothing was changed.
  Else a JSON array, because clients read one long text much faster than hundreds of short ones; per operation, in the order of ARGV, one of
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
   [-11, reason]  the partition cannot be written to here, as when its slot is moved to another server of the Cluster, or
        tickets:due is no sorted set; nothing was changed
   -12  restore: a newer version of the service has registered fields that the caller does not know, and so has not read
        from MySQL; nothing was changed
   -13  instead of the results of all operations on a ticket and on those that follow it: the call has read and answered HASH_BYTES_MAX,
        and has not begun with them. The first ticket is always begun with
   -14  the ticket was deleted, and its tombstone is there
]]
local EXISTS, MAYBE_ARCHIVED, RANGE_UNKNOWN = -1, -2, -3
local MISSING, VERSION_CONFLICT, TOO_MANY_CUSTOM_FIELDS, CORRUPT, FAILED = -4, -5, -6, -7, -8
local IDEMPOTENCY_MISMATCH, OUTDATED, REFUSED, NEWER_FIELDS, NOT_BEGUN, DELETED, REPLAYED = -9, -10, -11, -12, -13, -14, 0

-- @keys
-- @settings
local deadline = tonumber(ARGV[1])

-- @include clock
if now_ms > deadline then return 0 end

-- The keys of the partition whose turn it is.
local due_key, archived_key, dead_key, failures_key, fields_key, acknowledged_key, index_key, changes_key, ticket_prefix, idempotency_prefix
local function set_keys(prefix)
  due_key, archived_key, dead_key, failures_key = prefix .. DUE, prefix .. ARCHIVED, prefix .. DEAD, prefix .. FAILURES
  fields_key, acknowledged_key, index_key, changes_key = prefix .. FIELDS, prefix .. ACKNOWLEDGED, prefix .. INDEX, prefix .. CHANGES
  ticket_prefix, idempotency_prefix = prefix .. TICKET, prefix .. IDEMPOTENCY
end
set_keys(ARGV[2])

-- @include other_type

-- Why the partition cannot be written to; nil: it can. Asked before anything is changed. While a slot is moved, one call with several
-- keys fails unless all of them are here: the keys of a partition are changed in one place or not at all. ZADD does nothing, but tells
-- whether it is a sorted set, and fails for a user who may not set marks: a ticket that was changed and has no mark is never pushed.
local function refusal()
  local reply = redis.pcall('EXISTS', due_key, archived_key, dead_key, failures_key, fields_key, acknowledged_key, index_key, changes_key)
  if type(reply) ~= 'table' then reply = redis.pcall('ZADD', due_key, 'XX', '+inf', '') end
  local reason = type(reply) == 'table' and reply.err
  if not reason then return nil end
  if string.find(reason, 'WRONGTYPE', 1, true) or string.find(reason, 'non local key', 1, true) or string.find(reason, 'the cluster is down', 1, true) then return reason end
  -- What the user may not do is so in all partitions, and is for an operator to see.
  error(reply)
end

local function value_of(set, name)
  for i = 1, #set, 2 do
    if set[i] == name then return set[i + 1] end
  end
end

-- @include marks
-- @include chunks
-- @include is_custom
-- @include stamps
-- @include index_layout
-- @include index
-- @include changes

-- Tickets as they are now, by id, so that many operations on one read and judge it once; and the same as lists of field, value, ...
local known, flats = {}, {}

local hash_bytes = 0

-- The highest ids that MySQL holds, by range, as far as they are known: many creates look at one range once.
local highest_by_range = {}

-- Begins with the next partition. What is known by id stays: an id is in one partition.
local function enter(prefix)
  set_keys(prefix)
  marks, highest_by_range, is_off, index_failed, changed, settled = {}, {}, nil, false, {}, {}
end

-- What MySQL said may be outdated by now.
local function still_asked(id, asked)
  return asked ~= '' and asked == stamp_of(acknowledged_key, id) and asked or ''
end

-- What applies a kind of operation, made when it is first called. Most calls have one kind, and many have one operation: to make the
-- functions of the others would cost as much as to apply it.
local kinds = {}

local function apply(kind, id, asked, ...)
  return kinds[kind](ticket_prefix .. id, id, still_asked(id, asked), ...)
end

local function make(kind)
  if kind == 'create' or kind == 'import' then
-- @include archived
-- @include create
    function kinds.create(...) return create_marked(mark_due, ...) end

    -- What has had a life elsewhere is history, whatever its status: it is due at once.
    function kinds.import(...) return create_marked(mark_now, ...) end
  elseif kind == 'restore' then
-- @include unknown_fields
-- @include restore
    kinds.restore = restore
  else
-- @include is_ticket
-- @include read_ticket
    if kind == 'update' then
-- @include update
      kinds.update = update
    elseif kind == 'once' then
-- @include apply_once
      kinds.once = apply_once
    else
-- @include bury
-- @include delete
-- @include is_later
-- @include erase
      kinds.delete, kinds.erase = delete, erase
    end
  end
end

-- What goes wrong with one ticket is no reason to leave the others half done.
local function attempt(kind, id, asked, highest, versions, set, remove, answer, idempotency_key, fingerprint, index, as_of)
  if not kinds[kind] then make(kind) end
  local ok, result
  if idempotency_key then
    if not kinds.once then make('once') end
    ok, result = pcall(kinds.once, idempotency_key, fingerprint, index, kind, id, asked, highest, versions, set, remove, answer, as_of)
  else
    ok, result = pcall(apply, kind, id, asked, highest, versions, set, remove, answer)
  end
  if ok then return result end
  local reason = type(result) == 'table' and result.err or tostring(result)
  -- The keys of one ticket are looked at before any of them is changed.
  if string.find(reason, 'non local key', 1, true) then return { REFUSED, reason } end
  redis.log(redis.LOG_WARNING, 'ticket ' .. id .. ': ' .. reason)
  return FAILED
end

local update_index
local function make_update_index()
-- @include apply_index
  update_index = apply_index
end

-- The marks, indexes and change log of a partition's operations.
local function finish()
  -- LT: a busy ticket is not postponed for ever. On a new member it adds.
  in_chunks(marks, function(...) redis.call('ZADD', due_key, 'LT', ...) end)
  if is_index_touched() then
    if not update_index then make_update_index() end
    update_index()
  end
  log_changes(marked_ids())
  -- What was refused may be right now.
  if redis.call('EXISTS', dead_key) == 1 then
    for i = 2, #marks, 2 do
      if redis.pcall('ZREM', dead_key, marks[i]) == 1 then redis.pcall('HDEL', failures_key, marks[i]) end
    end
  end
end

local results = {}

-- Whether all were begun with.
local function apply_all(tickets)
  local reason = refusal()
  local refused = reason and { REFUSED, reason }
  for _, operations in ipairs(tickets) do
    if hash_bytes > HASH_BYTES_MAX then return false end
    -- What one operation has to ask MySQL for, those that follow it wait for too.
    local undecided = refused
    for _, operation in ipairs(operations) do
      local result = undecided or attempt(unpack(operation))
      if result == MAYBE_ARCHIVED or result == RANGE_UNKNOWN then
        undecided = { result, stamp_of(acknowledged_key, operation[2]) }
        result = undecided
      end
      results[#results + 1] = result
    end
  end
  return true
end

for i = 2, #ARGV, 2 do
  if i > 2 then enter(ARGV[i]) end
  local has_begun_with_all = apply_all(cjson.decode(ARGV[i + 1]))
  if #marks > 0 then finish() end
  if not has_begun_with_all then
    results[#results + 1] = NOT_BEGUN
    break
  end
end
return cjson.encode(results)
