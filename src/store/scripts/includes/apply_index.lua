-- Brings the entries up to date with what set_index was told, in one call for each key. Needs index and chunks.
local index_sets, last_sets, assignees_added, assignees_removed = {}, {}, {}, {}

-- Each takes the id as a number, too, because to read it is much of the work. Consecutive ids are mostly in the same set of their status.
local function put(id, status, is_in, number)
  local set = last_sets[status]
  if not set or number < set.first or number >= set.first + INDEX_RANGE then
    local first = number - number % INDEX_RANGE
    local range = string.format('%.0f', first / INDEX_RANGE)
    local name = range .. ':' .. status
    set = index_sets[name]
    if not set then
      set = { first = first, range = range, status = status, added = {}, removed = {} }
      index_sets[name] = set
    end
    last_sets[status] = set
  end
  local ids = is_in and set.added or set.removed
  ids[#ids + 1] = id
end

local function put_assignee(id, assignee, is_in, number)
  if assignee == '0' then return put(id, UNASSIGNED, is_in, number) end
  local member = struct.pack('>I7I7', assignee, number)
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
  local number = tonumber(id)
  for i = 1, #PUTS do
    local before, now = was and was[i], is and is[i]
    if before ~= now then
      if before then PUTS[i](id, before, false, number) end
      if now then PUTS[i](id, now, true, number) end
    end
  end
  local is_held = is and is[IS_HELD]
  if not is then is_held = false end
  if is_held ~= nil and is_held ~= (was and was[IS_HELD]) then put(id, HELD, is_held, number) end
end

local function apply_set(name, set)
  local key, set_key, count = index_key .. ':ranges:' .. set.status, index_key .. ':ids:' .. name, 0
  in_chunks(set.removed, function(...) count = count - call_index('SREM', set_key, ...) end)
  if count < 0 and #set.added == 0 and call_index('EXISTS', set_key) == 0 then call_index('ZREM', key, set.range) end
  in_chunks(set.added, function(...)
    local new = call_index('SADD', set_key, ...)
    count = count + new
    if new > 0 and call_index('SCARD', set_key) == new then call_index('ZADD', key, set.range, set.range) end
  end)
  if count ~= 0 then call_index('HINCRBY', index_key, 'status:' .. set.status, string.format('%.0f', count)) end
end

local function apply_index()
  for _, id in ipairs(changed) do put_change(id, was_indexed[id], is_indexed[id]) end
  for name, set in pairs(index_sets) do apply_set(name, set) end
  in_chunks(assignees_removed, function(...) call_index('ZREM', index_key .. ':assignee', ...) end)
  in_chunks(assignees_added, function(...) call_index('ZADD', index_key .. ':assignee', ...) end)
  for status, by in pairs(settled) do
    if by ~= 0 then call_index('HINCRBY', index_key, 'settled:' .. status, by) end
  end
  -- For the next partition.
  index_sets, last_sets, assignees_added, assignees_removed = {}, {}, {}, {}
  -- It is built anew.
  if index_failed and not is_index_off() then redis.pcall('HDEL', index_key, 'state') end
end
