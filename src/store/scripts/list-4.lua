#!lua flags=no-writes
--[[
  list: unsynced tickets that fit, in the order of their ids, and the hashes of the first ones.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index, and the keys that begin with it
  KEYS[4]  tickets:synced

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  JSON:
             descending
             after         an id, beyond which they are; none: from the beginning
             limit         tickets that fit at most
             looked_max    tickets and ranges of ids to look at
             bytes_max     bytes of hashes after which no more are told
             status, category, priority   texts of which one must be the ticket's, each none: any
             assigned_to   numbers as text, 0: unassigned
             customer_id   number as text
             created_since, created_until, updated_since, updated_until   Unix seconds

  Output: 0 when the indexes are not whole; else JSON: { next, sign, id, hash, id, hash, ... }
          next   an id beyond which the next call goes on; '' when that was the last
          sign   as settled_sign
          hash   [field, value, ...], null when it is not told
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

-- To look at a hash in vain costs more than to ask the index of statuses.
local are_statuses_in_hashes = false

-- @include filters
-- @include candidates

local NEEDED = { 'version', 'synced_version', 'deleted_at' }
for _, filter in ipairs(FILTERS) do NEEDED[#NEEDED + 1] = filter.name end

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
  for _, filter in ipairs(FILTERS) do
    if not filter.is_right(ticket[filter.name]) then return false end
  end
  return true
end

-- Whether the ticket fits, and the hash if it was read.
local function look(id)
  -- Then all fit that the caller can read.
  if #FILTERS == 0 then return true end
  local ticket, hash = read(id)
  -- What cannot be read is told, and whoever reads it says so.
  if not ticket then return true end
  has_fit = is_fitting(ticket)
  if has_fit then return true, hash end
  -- What was read in vain may be large, too.
  if hash then
    for i = 2, #hash, 2 do bytes = bytes + #hash[i] end
  end
  return false
end

local result = {}
local function add(id, flat)
  local hash = 'null'
  if bytes < asked.bytes_max then
    flat = flat or redis.pcall('HGETALL', ticket_prefix .. id)
    -- One that is gone MySQL may have: whoever reads it says so.
    if not is_other_type(flat) and #flat > 0 then hash = cjson.encode(flat) end
    bytes = bytes + #hash
  end
  result[#result + 1] = '"' .. id .. '",' .. hash
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
    local is_told, hash = look(text)
    looked = looked + 1
    position = id
    if is_told then
      fitting = fitting + 1
      add(text, hash)
    end
    if (fitting == asked.limit or looked >= asked.looked_max) and (edge or i < #ids) then return to_reply(text) end
  end
  if not edge then return to_reply('') end
  position = edge
  if looked >= asked.looked_max then return to_reply(to_text(edge)) end
end
