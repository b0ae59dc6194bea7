-- The indexes of the unsynced tickets: of what is in tickets:due or tickets:dead, and of nothing else. Needs index_key and chunks.
-- Beside the key, which is a hash (see reindex), there are
--   KEY:ranges:S        sorted set of the ranges of ids in which tickets of the status are; the status '' is that of tombstones
--   KEY:ids:RANGE:S     set of these ids. Of at most 512 it is an array of integers inside Redis: 8 bytes for an id
--   KEY:assignee        sorted set in the order of its members: assignee (0: none) and id, each 7 bytes, the highest first
--   KEY:customer:N      sorted set of the ids of 8 customers; score = customer. Small ones are arrays, too
-- In a Cluster a partition has one id of 64, by default.
local INDEX_RANGE = string.find(index_key, '{', 1, true) and 32768 or 512
local CUSTOMERS_PER_SET = 8

local index_failed = false
local function call_index(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  -- Another program has made it what it is not, or it is on its way to another server of the Cluster. The ticket itself is right.
  index_failed = true
  return 0
end

-- What is to be done in the end, in one call for each key.
local index_sets, last_set = {}, {}
local assignees_added, assignees_removed = {}, {}
local touched = {}

-- Consecutive ids are mostly in the same set.
local function index_set_of(id, status)
  local range = math.floor(tonumber(id) / INDEX_RANGE)
  if last_set.range == range and last_set.status == status then return last_set end
  local name = string.format('%.0f', range) .. ':' .. status
  last_set = index_sets[name]
  if not last_set then
    last_set = { range = range, status = status, added = {}, removed = {} }
    index_sets[name] = last_set
  end
  return last_set
end

local function apply_index_set(name, set)
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
  for name, set in pairs(index_sets) do apply_index_set(name, set) end
  in_chunks(assignees_removed, function(...) call_index('ZREM', index_key .. ':assignee', ...) end)
  in_chunks(assignees_added, function(...) call_index('ZADD', index_key .. ':assignee', ...) end)
  -- It is built anew.
  if index_failed then redis.pcall('HDEL', index_key, 'state') end
  index_sets, last_set, assignees_added, assignees_removed, touched = {}, {}, {}, {}, {}
end

-- To be called before what becomes of a ticket: what came before it in the same call comes first.
local function touch(id)
  if touched[id] then apply_index() end
  touched[id] = true
end

local function is_whole(text) return #text <= 16 and string.find(text, '^%d+$') end

local function index_status(id, status, is_in)
  local set = index_set_of(id, status)
  local ids = is_in and set.added or set.removed
  ids[#ids + 1] = id
end

local function index_assignee(id, assignee, is_in)
  if assignee and not is_whole(assignee) then return end
  local member = struct.pack('>I7I7', assignee or 0, id)
  if is_in then
    assignees_added[#assignees_added + 1] = 0
    assignees_added[#assignees_added + 1] = member
  else
    assignees_removed[#assignees_removed + 1] = member
  end
end

local INDEXED = { 'status', 'assigned_to', 'customer_id', 'deleted_at' }

-- By the values of INDEXED, as HMGET gives them. What is no ticket has no entries: neither are they made, nor removed.
local function index_ticket(id, is_in, status, assignee, customer, deleted_at)
  touch(id)
  if deleted_at then
    index_status(id, '', is_in)
  elseif status and status ~= '' and customer and is_whole(customer) then
    index_status(id, status, is_in)
    index_assignee(id, assignee, is_in)
    local key = index_key .. ':customer:' .. string.format('%.0f', math.floor(tonumber(customer) / CUSTOMERS_PER_SET))
    if is_in then call_index('ZADD', key, customer, id) else call_index('ZREM', key, id) end
  end
end
