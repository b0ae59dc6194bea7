#!lua flags=no-writes
--[[
  list: unsynced tickets that fit, in the order of their ids: what tells where they stand, and the hashes of the first ones.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index, and the keys that begin with it
  KEYS[4]  tickets:synced

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  JSON:
             descending
             after         an id, beyond which they are; none: from the beginning
             value         the field whose value is told
             limit         tickets that fit at most
             looked_max    tickets and ranges of ids to look at
             bytes_max     bytes of hashes after which no more are told
             status, category, priority   texts of which one must be the ticket's, each none: any
             assigned_to   numbers as text, 0: unassigned
             customer_id   number as text
             created_since, created_until, updated_since, updated_until   Unix seconds

  Output: 0 when the indexes are not whole; else JSON: { next, sign, id, value, hash, id, value, hash, ... }
          next   an id beyond which the next call goes on; '' when that was the last
          sign   as settled_sign
          value  '' when the ticket has none
          hash   [field, value, ...], null when it is not told
]]
local due_key, dead_key, index_key, synced_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ticket_prefix, asked = ARGV[1], cjson.decode(ARGV[2])

-- Small enough to be ordered in a moment. With more the ids are walked in order.
local CUSTOMER_MAX = 1000
local PER_ASSIGNEE = 64
local STEP_MAX = 256

-- @include other_type
-- @include chunks
-- @include index_layout
-- @include index
-- @include indexed
-- @include settled_sign

if not are_indexes_whole(due_key, dead_key) then return 0 end

local function set_of(values)
  if not values then return nil end
  local set = {}
  for _, value in ipairs(values) do set[value] = true end
  return set
end
local statuses, categories, priorities, assignees = set_of(asked.status), set_of(asked.category), set_of(asked.priority), set_of(asked.assigned_to)

local function is_between(text, since, until_)
  if not since and not until_ then return true end
  local value = tonumber(text)
  return (not since or value and value >= since) and (not until_ or value and value <= until_)
end

-- Then all fit that the caller can read, and a hash need not be looked at to know where it stands.
local fits_all = asked.value == 'ticket_id'
for _, name in ipairs({ 'status', 'category', 'priority', 'assigned_to', 'customer_id', 'created_since', 'created_until', 'updated_since', 'updated_until' }) do
  fits_all = fits_all and asked[name] == nil
end

-- Where a ticket stands in a list, and not what it is counted by.
local IS_POSITION = { ticket_id = true, created_at = true, updated_at = true }

local NEEDED = { 'status', 'assigned_to', 'customer_id', 'category', 'priority', 'created_at', 'updated_at', 'version', 'synced_version', 'deleted_at', asked.value }
local bytes = 0
-- A ticket that fits is told whole, and most fit or few do: as long as they do, all is read at once.
local has_fit = true

-- What is needed of a hash by name, and all of it, [field, value, ...], where it was read; nil: it is none.
local function read(id)
  local is_whole = has_fit and bytes < asked.bytes_max
  local held = is_whole and redis.pcall('HGETALL', ticket_prefix .. id) or redis.pcall('HMGET', ticket_prefix .. id, unpack(NEEDED))
  if is_other_type(held) then return nil end
  local fields = {}
  if is_whole then
    for i = 1, #held, 2 do fields[held[i]] = held[i + 1] end
    return fields, held
  end
  for i = 1, #NEEDED do fields[NEEDED[i]] = held[i] or nil end
  return fields
end

local function is_fitting(ticket)
  if ticket.version and ticket.version == ticket.synced_version or ticket.deleted_at then return false end
  return (not statuses or statuses[ticket.status]) and (not assignees or assignees[ticket.assigned_to or '0']) and (not asked.customer_id or ticket.customer_id == asked.customer_id) and
    (not categories or categories[ticket.category or '']) and (not priorities or priorities[ticket.priority or '']) and
    is_between(ticket.created_at, asked.created_since, asked.created_until) and is_between(ticket.updated_at, asked.updated_since, asked.updated_until)
end

-- The value that is asked for, nil where the ticket does not fit, and the hash if it was read.
local function look(id)
  if fits_all then return id end
  local ticket, hash = read(id)
  -- What cannot be read is told, and whoever reads it says so. It is counted nowhere.
  if not ticket then return IS_POSITION[asked.value] and (asked.value == 'ticket_id' and id or '') or nil end
  has_fit = is_fitting(ticket)
  if has_fit then return ticket[asked.value] or '', hash end
  -- What was read in vain may be large, too.
  if hash then
    for i = 2, #hash, 2 do bytes = bytes + #hash[i] end
  end
end

local descending = asked.descending
local function comes_first(a, b) if descending then return a > b end return a < b end
local function is_beyond(id, position) return not position or comes_first(position, id) end
local to_text = function(id) return string.format('%d', id) end

local function sorted_beyond(ids, position)
  local beyond = {}
  for _, text in ipairs(ids) do
    local id = tonumber(text)
    if id and is_beyond(id, position) then beyond[#beyond + 1] = id end
  end
  table.sort(beyond, comes_first)
  return beyond
end

local looked = 0

-- Those of a step, all of which one call may look at.
local function first_of(ids, edge)
  while #ids > STEP_MAX do
    ids[#ids] = nil
    edge = ids[STEP_MAX]
  end
  return ids, edge
end

-- Those which the index of statuses has with one that is asked for. To ask it of an id costs a fifth of a look at its hash.
local function of_statuses(ids)
  if not statuses then return ids end
  looked = looked + #ids / 5
  local by_range, has = {}, {}
  for _, id in ipairs(ids) do
    local range = math.floor(id / INDEX_RANGE)
    by_range[range] = by_range[range] or {}
    table.insert(by_range[range], to_text(id))
  end
  for range, part in pairs(by_range) do
    for status in pairs(statuses) do
      local are_in = redis.call('SMISMEMBER', index_key .. ':ids:' .. to_text(range) .. ':' .. status, unpack(part))
      for i, id in ipairs(part) do
        if are_in[i] == 1 then has[tonumber(id)] = true end
      end
    end
  end
  local fitting = {}
  for _, id in ipairs(ids) do
    if has[id] then fitting[#fitting + 1] = id end
  end
  return fitting
end

-- of_customer, of_assignees and of_ranges give ids beyond a position, in order, and where they have looked to when these are done; nil: there are
-- no more.
local function of_customer(position)
  local key = index_key .. ':customer:' .. to_text(math.floor(tonumber(asked.customer_id) / CUSTOMERS_PER_SET))
  local ids, edge = first_of(sorted_beyond(redis.call('ZRANGE', key, asked.customer_id, asked.customer_id, 'BYSCORE'), position))
  return of_statuses(ids), edge
end

-- The same of the next range that has any in one of the sets of these names.
local function of_next_range(names, position)
  local from = position and math.floor((descending and position - 1 or position + 1) / INDEX_RANGE) or descending and '+inf' or '-inf'
  local next_range
  for _, name in ipairs(names) do
    local key = index_key .. ':ranges:' .. name
    local found = descending and redis.call('ZRANGE', key, from, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1) or
      not descending and redis.call('ZRANGE', key, from, '+inf', 'BYSCORE', 'LIMIT', 0, 1)
    local range = tonumber(found[1])
    if range and (not next_range or comes_first(range, next_range)) then next_range = range end
  end
  if not next_range then return {}, nil end
  local ids = {}
  for _, name in ipairs(names) do
    for _, id in ipairs(redis.call('SMEMBERS', index_key .. ':ids:' .. to_text(next_range) .. ':' .. name)) do ids[#ids + 1] = id end
  end
  return sorted_beyond(ids, position), descending and next_range * INDEX_RANGE or (next_range + 1) * INDEX_RANGE - 1
end

local function of_assignees(position)
  local all, edge = {}, nil
  for _, assignee in ipairs(asked.assigned_to) do
    local found, last = {}, nil
    if assignee == '0' then
      found, last = of_next_range({ UNASSIGNED }, position)
    else
      local function bound(id, is_open) return (is_open and '(' or '[') .. struct.pack('>I7I7', assignee, id) end
      local low, high = bound(0), bound(9007199254740992)
      local members
      if descending then
        members = redis.call('ZRANGE', index_key .. ':assignee', position and bound(position, true) or high, low, 'BYLEX', 'REV', 'LIMIT', 0, PER_ASSIGNEE)
      else
        members = redis.call('ZRANGE', index_key .. ':assignee', position and bound(position, true) or low, high, 'BYLEX', 'LIMIT', 0, PER_ASSIGNEE)
      end
      for i, member in ipairs(members) do found[i] = struct.unpack('>I7', member, 8) end
      if #found == PER_ASSIGNEE then last = found[#found] end
    end
    for _, id in ipairs(found) do all[#all + 1] = id end
    -- Of this one there may be more from here on.
    if last and (not edge or comes_first(last, edge)) then edge = last end
  end
  table.sort(all, comes_first)
  while edge and #all > 0 and comes_first(edge, all[#all]) do all[#all] = nil end
  all, edge = first_of(all, edge)
  return of_statuses(all), edge
end

local function find_statuses()
  local known = {}
  for _, field in ipairs(redis.call('HGETALL', index_key)) do
    local status = string.match(field, '^status:([^,]+)$')
    if status and (not statuses or statuses[status]) then known[#known + 1] = status end
  end
  return known
end

local known_statuses
local function of_ranges(position)
  known_statuses = known_statuses or find_statuses()
  return of_next_range(known_statuses, position)
end

local next_ids = of_ranges
if asked.customer_id and redis.call('ZCOUNT', index_key .. ':customer:' .. to_text(math.floor(tonumber(asked.customer_id) / CUSTOMERS_PER_SET)), asked.customer_id, asked.customer_id) <= CUSTOMER_MAX then
  next_ids = of_customer
elseif asked.assigned_to then
  next_ids = of_assignees
end

local result = {}
local function add(id, value, flat)
  local hash = 'null'
  if bytes < asked.bytes_max then
    flat = flat or redis.pcall('HGETALL', ticket_prefix .. id)
    -- One that is gone MySQL may have: whoever reads it says so.
    if not is_other_type(flat) and #flat > 0 then hash = cjson.encode(flat) end
    bytes = bytes + #hash
  end
  result[#result + 1] = '"' .. id .. '",' .. cjson.encode(value) .. ',' .. hash
end

local function to_reply(next_id)
  table.insert(result, 1, '"' .. next_id .. '","' .. settled_sign() .. '"')
  return '[' .. table.concat(result, ',') .. ']'
end

local fitting, position = 0, tonumber(asked.after)
while true do
  local ids, edge = next_ids(position)
  looked = looked + 1
  for i, id in ipairs(ids) do
    local text = to_text(id)
    local value, hash = look(text)
    looked = looked + 1
    position = id
    if value then
      fitting = fitting + 1
      add(text, value, hash)
    end
    if (fitting == asked.limit or looked >= asked.looked_max) and (edge or i < #ids) then return to_reply(text) end
  end
  if not edge then return to_reply('') end
  position = edge
  if looked >= asked.looked_max then return to_reply(to_text(edge)) end
end
