#!lua
--[[
  write: applies operations to tickets, in order, each one whole or not at all.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:archived_max

  ARGV[1]     deadline, ms of Redis's clock: a call that starts later changes nothing
  ARGV[2]     what stands before an id in a ticket's key
  ARGV[3]     seconds that a restored ticket stays
  ARGV[4..7]  ms from now until a change is due ('inf': not until closed), for
              (was open, is open), (was open, is closed), (was closed, is open), (was closed, is closed)
  ARGV[8]     the operations, a JSON array of arrays; everything in them is text:
                kind       'create' | 'update' | 'restore'
                id         the ticket's
                closed     '1' | '0': the status that is set is a closed one or not; '': no status is set
                condition  create: 'absent' when MySQL is known not to hold the id
                           update: ',v1,v2,', the versions that are allowed; '': any
                set        array of field, value, ...
                remove     update: array of names; 'custom_fields' takes every 'custom_fields.*' along

  Output: 0 when the deadline has passed. Else now in ms, and a result per operation, which is one of
     1               create: done; version is now, the times are now in seconds
     { field, ... }  update, restore: done; all fields and values of the ticket
    -1  create: the ticket exists
    -2  create: the id is not above archived_max, so MySQL may hold it
    -3  create: archived_max is unknown, so MySQL may hold it
    -4  update: there is no such ticket
    -5  update: the version is none of the allowed
    -6  update: more than 50 custom fields
    -7  the key holds no ticket: no hash, or a field is missing or not an integer
]]
local CREATED, EXISTS, MAYBE_ARCHIVED, ARCHIVE_UNKNOWN = 1, -1, -2, -3
local MISSING, VERSION_CONFLICT, TOO_MANY_CUSTOM_FIELDS, CORRUPT = -4, -5, -6, -7
local CUSTOM_FIELDS_MAX = 50

local due_key, archived_max_key = KEYS[1], KEYS[2]
local deadline = tonumber(ARGV[1])
local ticket_prefix = ARGV[2]
local retention_seconds = tonumber(ARGV[3])
local due_in = { tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]) }

local time = redis.call('TIME')
local now_s = time[1]
local now_ms = tonumber(now_s) * 1000 + math.floor(tonumber(time[2]) / 1000)
if now_ms > deadline then return 0 end

local now = string.format('%.0f', now_ms)
local archived_max = tonumber(redis.call('GET', archived_max_key) or '')
local due_score = {}
for i, delay in ipairs(due_in) do
  due_score[i] = delay == math.huge and '+inf' or string.format('%.0f', now_ms + delay)
end

-- Score, member, ...: the marks of all operations, set at once at the end.
local marks = {}
local function mark_due(id, was_closed, is_closed)
  marks[#marks + 1] = due_score[(was_closed and 2 or 0) + (is_closed and 1 or 0) + 1]
  marks[#marks + 1] = id
end

local function is_custom(name) return string.sub(name, 1, 14) == 'custom_fields.' end

local INTEGERS = { 'customer_id', 'created_at', 'updated_at', 'version', 'assigned_to', 'closed_at', 'synced_version' }
local REQUIRED = { 'customer_id', 'status', 'created_at', 'updated_at', 'version' }

-- A foreign program may have written the hash: nothing is built on what is not a ticket.
local function is_ticket(fields)
  for _, name in ipairs(REQUIRED) do
    if not fields[name] then return false end
  end
  for _, name in ipairs(INTEGERS) do
    if fields[name] and not string.find(fields[name], '^%d+$') then return false end
  end
  return true
end

local function create(key, id, closed, condition, set)
  if redis.call('EXISTS', key) == 1 then return EXISTS end
  if condition ~= 'absent' then
    if not archived_max then return ARCHIVE_UNKNOWN end
    if tonumber(id) <= archived_max then return MAYBE_ARCHIVED end
  end
  -- The caller's created_at, if there is one, comes later and so stands.
  redis.call('HSET', key, 'ticket_id', id, 'version', now, 'created_at', now_s, 'updated_at', now_s, unpack(set))
  if closed == '1' then redis.call('HSET', key, 'closed_at', now_s) end
  mark_due(id, false, closed == '1')
  return CREATED
end

local function update(key, id, closed, condition, set, remove)
  local flat = redis.pcall('HGETALL', key)
  if flat.err then return CORRUPT end
  if #flat == 0 then return MISSING end
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  if not is_ticket(fields) then return CORRUPT end
  if condition ~= '' and not string.find(condition, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end

  local was_closed = fields.closed_at ~= nil
  local is_closed = was_closed
  if closed ~= '' then is_closed = closed == '1' end

  local removed = {}
  for _, name in ipairs(remove) do
    if name == 'custom_fields' then
      for field in pairs(fields) do
        if is_custom(field) then removed[#removed + 1] = field end
      end
    elseif fields[name] then
      removed[#removed + 1] = name
    end
  end
  if was_closed and not is_closed then removed[#removed + 1] = 'closed_at' end
  for _, name in ipairs(removed) do fields[name] = nil end

  set[#set + 1] = 'version'
  set[#set + 1] = string.format('%.0f', math.max(tonumber(fields.version) + 1, now_ms))
  set[#set + 1] = 'updated_at'
  set[#set + 1] = now_s
  if is_closed and not was_closed then
    set[#set + 1] = 'closed_at'
    set[#set + 1] = now_s
  end
  for i = 1, #set, 2 do fields[set[i]] = set[i + 1] end

  local custom_count, all = 0, {}
  for name, value in pairs(fields) do
    if is_custom(name) then custom_count = custom_count + 1 end
    all[#all + 1] = name
    all[#all + 1] = value
  end
  if custom_count > CUSTOM_FIELDS_MAX then return TOO_MANY_CUSTOM_FIELDS end

  redis.call('HSET', key, unpack(set))
  if #removed > 0 then redis.call('HDEL', key, unpack(removed)) end
  -- What MySQL does not hold must not be evicted or expire.
  redis.call('PERSIST', key)
  mark_due(id, was_closed, is_closed)
  return all
end

local function restore(key, _, _, _, set)
  local flat = redis.pcall('HGETALL', key)
  if flat.err then return CORRUPT end
  if #flat > 0 then return flat end
  redis.call('HSET', key, unpack(set))
  redis.call('EXPIRE', key, retention_seconds)
  return set
end

local apply = { create = create, update = update, restore = restore }
local results = { now_ms }
for i, op in ipairs(cjson.decode(ARGV[8])) do
  local kind, id, closed, condition, set, remove = unpack(op)
  results[i + 1] = apply[kind](ticket_prefix .. id, id, closed, condition, set, remove)
end
-- LT: a busy ticket is not postponed for ever. On a new member it adds.
if #marks > 0 then redis.call('ZADD', due_key, 'LT', unpack(marks)) end
return results
