-- The indexes of the unsynced tickets: of what is in tickets:due or tickets:dead, and of nothing else. Needs index_key and chunks.
-- Beside the key, which is a hash (see reindex), there are
--   KEY:ranges:S        sorted set of the ranges of ids in which tickets of the status are; the status '' is that of tombstones,
--                       and ',held' that of tickets of which MySQL has a row
--   KEY:ids:RANGE:S     set of these ids. Of at most 512 it is an array of integers inside Redis: 8 bytes for an id
--   KEY:assignee        sorted set in the order of its members: assignee (0: none) and id, each 7 bytes, the highest first
--   KEY:customer:N      sorted set of the ids of 8 customers; score = customer. Small ones are arrays, too
-- In a Cluster a partition has one id of 64, by default.
-- Where no instance wants them (LISTS=off) the state is 'off', and nothing is put in. The switch is here, with the data, so that all
-- instances heed the same one, whatever their settings.
local is_index_off = redis.pcall('HGET', index_key, 'state') == 'off'
local INDEX_RANGE = string.find(index_key, '{', 1, true) and 32768 or 512
local CUSTOMERS_PER_SET = 8
-- In place of a status, none of which has a comma: those of which MySQL has a row, in an older version.
local HELD = ',held'

local index_failed = false
local function call_index(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  -- Another program has made it what it is not, or it is on its way to another server of the Cluster. The ticket itself is right.
  index_failed = true
  return 0
end

-- How tickets were and are indexed, by id, in the order in which they were first changed: of many changes in a call the first
-- and the last count. A state is { status, assignee, customer, is_held }, false for none. A tombstone has a status alone, ''. Of
-- is_held nil is not known.
local changed, was_indexed, is_indexed = {}, {}, {}

local function set_index(id, was, is)
  if is_index_off then return end
  if was_indexed[id] == nil then
    was_indexed[id] = was
    changed[#changed + 1] = id
  end
  -- What MySQL holds does not change with a write.
  if is and is[4] == nil and is_indexed[id] then is[4] = is_indexed[id][4] end
  is_indexed[id] = is
end

local function is_whole(text) return #text <= 16 and string.find(text, '^%d+$') end

local INDEXED = { 'status', 'assigned_to', 'customer_id', 'deleted_at' }

-- By the values of INDEXED, as HMGET gives them. What is no ticket has no entries: neither are they made, nor removed.
local function to_state(is_held, status, assignee, customer, deleted_at)
  if deleted_at then return { '', nil, nil, is_held } end
  if not status or status == '' or not customer or not is_whole(customer) or assignee and not is_whole(assignee) then return false end
  return { status, assignee or '0', customer, is_held }
end

-- What is to be done, in one call for each key.
local index_sets, last_set, assignees_added, assignees_removed

-- Consecutive ids are mostly in the same set.
local function put(id, status, is_in)
  local range = math.floor(tonumber(id) / INDEX_RANGE)
  if last_set.range ~= range or last_set.status ~= status then
    local name = string.format('%.0f', range) .. ':' .. status
    last_set = index_sets[name]
    if not last_set then
      last_set = { range = range, status = status, added = {}, removed = {} }
      index_sets[name] = last_set
    end
  end
  local ids = is_in and last_set.added or last_set.removed
  ids[#ids + 1] = id
end

local function put_assignee(id, assignee, is_in)
  local member = struct.pack('>I7I7', assignee, id)
  if is_in then
    assignees_added[#assignees_added + 1] = 0
    assignees_added[#assignees_added + 1] = member
  else
    assignees_removed[#assignees_removed + 1] = member
  end
end

local function put_customer(id, customer, is_in)
  local key = index_key .. ':customer:' .. string.format('%.0f', math.floor(tonumber(customer) / CUSTOMERS_PER_SET))
  if is_in then call_index('ZADD', key, customer, id) else call_index('ZREM', key, id) end
end

local PUTS = { put, put_assignee, put_customer }

-- Only what differs is touched.
local function put_change(id, was, is)
  for i, put_value in ipairs(PUTS) do
    local before, now = was and was[i], is and is[i]
    if before ~= now then
      if before then put_value(id, before, false) end
      if now then put_value(id, now, true) end
    end
  end
  local is_held = is and is[4]
  if not is then is_held = false end
  if is_held ~= nil and is_held ~= (was and was[4]) then put(id, HELD, is_held) end
end

local function apply_set(name, set)
  local key, set_key, count = index_key .. ':ranges:' .. set.status, index_key .. ':ids:' .. name, 0
  local range = string.format('%.0f', set.range)
  in_chunks(set.removed, function(...) count = count - call_index('SREM', set_key, ...) end)
  if count < 0 and #set.added == 0 and call_index('EXISTS', set_key) == 0 then call_index('ZREM', key, range) end
  in_chunks(set.added, function(...)
    local new = call_index('SADD', set_key, ...)
    count = count + new
    if new > 0 and call_index('SCARD', set_key) == new then call_index('ZADD', key, range, range) end
  end)
  if count ~= 0 then call_index('HINCRBY', index_key, 'status:' .. set.status, string.format('%.0f', count)) end
end

local function apply_index()
  index_sets, last_set, assignees_added, assignees_removed = {}, {}, {}, {}
  for _, id in ipairs(changed) do put_change(id, was_indexed[id], is_indexed[id]) end
  for name, set in pairs(index_sets) do apply_set(name, set) end
  in_chunks(assignees_removed, function(...) call_index('ZREM', index_key .. ':assignee', ...) end)
  in_chunks(assignees_added, function(...) call_index('ZADD', index_key .. ':assignee', ...) end)
  -- It is built anew.
  if index_failed and not is_index_off then redis.pcall('HDEL', index_key, 'state') end
end
