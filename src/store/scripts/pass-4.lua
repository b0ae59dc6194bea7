#!lua flags=no-writes
--[[
  pass: goes through a part of the unsynced tickets that fit, in the order of their ids, and tells the first of these by a time, or counts them
  by a field. All of them one call after another go through: no index has these orders, nor every field.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index, and the keys that begin with it
  KEYS[4]  tickets:synced

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  JSON:
             value         the field: of the time, or by which they are counted
             first         { limit, beyond, within }: the first ones of this number, beyond and within positions, { value, id }; none: they are counted
             descending    the order
             after         an id, beyond which it goes on; none: from the beginning
             looked_max    tickets to look at, and what costs as much as one: ranges of ids, what is read of agents and statuses. Passed by as many
             status, ...   the filters, as of list

  Output: 0 when the indexes are not whole; else JSON: { next, sign, ... }
          next   an id beyond which the next call goes on; '' when that was the last
          sign   as settled_sign
          ...    of the first ones value, id, value, id, ... in order; a value that cannot be read is 0.
                 Else value, number, value, number, ...; the value '' is none
]]
local due_key, dead_key, index_key, synced_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ticket_prefix, asked = ARGV[1], cjson.decode(ARGV[2])

-- @include other_type
-- @include chunks
-- @include index_layout
-- @include index
-- @include indexed
-- @include settled_sign

if not are_indexes_whole(due_key, dead_key) then return 0 end

-- All hashes are looked at anyway.
local are_statuses_in_hashes = true

-- @include filters
-- @include candidates

-- What is not known by the index that was gone by is looked for in the hash.
local NEEDED, checks = { asked.value }, {}
local function need(name, is_right)
  NEEDED[#NEEDED + 1] = name
  checks[#checks + 1] = is_right
end
-- What is counted is a ticket: each has a customer.
if not asked.first then need('customer_id', function(customer) return customer end) end
for _, filter in ipairs(FILTERS) do
  if filter.name ~= (gone_by or 'status') then need(filter.name, filter.is_right) end
end

local function is_fitting(fields)
  for i = 1, #checks do
    if not checks[i](fields[i + 1] or nil) then return false end
  end
  return true
end

local function is_before(value, id, other_value, other_id)
  if value == other_value then return comes_first(id, other_id) end
  return comes_first(value, other_value)
end

-- The first ones so far, in order.
local values, ids_of_values = {}, {}

local function keep(value, id)
  local first = asked.first
  local beyond, within, at = first.beyond, first.within, #values
  if at == first.limit then
    if not is_before(value, id, values[at], ids_of_values[at]) then return end
    at = at - 1
  end
  if beyond and not is_before(beyond[1], beyond[2], value, id) or within and not is_before(value, id, within[1], within[2]) then return end
  while at > 0 and is_before(value, id, values[at], ids_of_values[at]) do
    values[at + 1], ids_of_values[at + 1] = values[at], ids_of_values[at]
    at = at - 1
  end
  values[at + 1], ids_of_values[at + 1] = value, id
end

local counts = {}
local INTEGER_MAX = 9007199254740991

local function look(id)
  local fields = redis.pcall('HMGET', ticket_prefix .. to_text(id), unpack(NEEDED))
  if is_other_type(fields) then
    -- What cannot be read is told, and whoever reads it says so. It is counted nowhere.
    if asked.first then keep(0, id) end
  elseif is_fitting(fields) then
    if asked.first then
      local value = tonumber(fields[1] or nil)
      keep(value and value >= 0 and value <= INTEGER_MAX and value % 1 == 0 and value or 0, id)
    else
      local value = fields[1] or ''
      counts[value] = (counts[value] or 0) + 1
    end
  end
end

-- Where it has come to; nil: to the end. A long range is left in the middle, a usual one is gone through.
local function go_through(position)
  while true do
    local ids, edge = next_ids(position)
    looked = looked + 1
    for i, id in ipairs(ids) do
      look(id)
      looked = looked + 1
      if looked >= 2 * asked.looked_max and i < #ids then return id end
    end
    if not edge or looked >= asked.looked_max then return edge end
    position = edge
  end
end

local position = go_through(tonumber(asked.after))

local result = { position and to_text(position) or '', settled_sign() }
for i = 1, #values do
  result[#result + 1] = string.format('%.0f', values[i])
  result[#result + 1] = to_text(ids_of_values[i])
end
for value, number in pairs(counts) do
  result[#result + 1] = value
  result[#result + 1] = number
end
return cjson.encode(result)
