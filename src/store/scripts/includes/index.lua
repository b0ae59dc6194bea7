-- The indexes of the unsynced tickets: of what is in tickets:due or tickets:dead, and of nothing else. Needs index_layout and chunks.
-- Beside the key, which is a hash (see reindex), there are
--   KEY:ranges:S        sorted set of the ranges of ids in which tickets of the status are; the status '' is that of tombstones,
--                       ',held' that of tickets of which MySQL may have a row, and ',none' that of those which are assigned to nobody
--   KEY:ids:RANGE:S     set of these ids. Of at most 512 it is an array of integers inside Redis: 8 bytes for an id
--   KEY:assignee        sorted set in the order of its members: assignee and id, each 7 bytes, the highest first. Nobody is none of them:
--                       most new tickets are assigned to nobody, and a set of integers takes a tenth of the memory and of the time
--   KEY:customer:N      sorted set of the ids of 4 customers; score = customer. Of at most 128 tickets it is an array, too
-- Where no instance wants them (LISTS=off) the state is 'off', and nothing is put in. The switch is here, with the data, so that all
-- instances heed the same one, whatever their settings.
local is_off
local function is_index_off()
  if is_off == nil then is_off = redis.pcall('HGET', index_key, 'state') == 'off' end
  return is_off
end

local CUSTOMERS_PER_SET = 4
-- In place of a status, none of which has a comma. HELD are those of which MySQL may have a row: it has an older version, or a flush has
-- claimed them, and may have been killed before it could say that they are written.
local HELD, UNASSIGNED = ',held', ',none'

local index_failed = false
local function call_index(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  -- Another program has made it what it is not, or it is on its way to another server of the Cluster. The ticket itself is right.
  index_failed = true
  return 0
end

-- How tickets were and are indexed, by id, in the order in which they were first changed: of many changes in a call the first
-- and the last count. A state is { status, assignee, customer, is_held }, false for none. A tombstone has a status alone, ''. What is
-- nil in both stays as it is.
local IS_HELD = 4
local changed, was_indexed, is_indexed = {}, {}, {}

local function set_index(id, was, is)
  if is_index_off() then return end
  if was_indexed[id] == nil then
    was_indexed[id] = was
    changed[#changed + 1] = id
  end
  -- What MySQL holds does not change with a write.
  if is and is[IS_HELD] == nil and is_indexed[id] then is[IS_HELD] = is_indexed[id][IS_HELD] end
  is_indexed[id] = is
end

-- How many tickets are in step with MySQL, by status, is a difference to what MySQL held of these when the epoch began (count).
local settled = {}
local function settle(status, by)
  if is_index_off() or not status or status == '' then return end
  settled[status] = (settled[status] or 0) + by
end

local function is_index_touched() return #changed > 0 or next(settled) ~= nil or index_failed end

local function is_whole(text) return #text <= 16 and string.find(text, '^%d+$') end

local INDEXED = { 'status', 'assigned_to', 'customer_id', 'deleted_at' }

-- By the values of INDEXED, as HMGET gives them. What is no ticket has no entries: neither are they made, nor removed.
local function to_state(is_held, status, assignee, customer, deleted_at)
  if deleted_at then return { '', nil, nil, is_held } end
  if not status or status == '' or not customer or not is_whole(customer) or assignee and not is_whole(assignee) then return false end
  return { status, assignee or '0', customer, is_held }
end
