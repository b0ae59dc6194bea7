-- Finds the ids of unsynced tickets by the indexes, in order: `next_ids(position)` gives those of a step beyond it, and where it has looked to when
-- these are done; nil: there are no more. What it finds has one of the statuses that are asked for; of the other filters it heeds the one that it
-- goes by, `gone_by`. Needs index_layout, index_key, `asked`, which has the filters and `descending`, and `statuses`, a set.

-- Small enough to be ordered in a moment. With more the ids are walked in order.
local CUSTOMER_MAX = 1000
local PER_ASSIGNEE = 64
local STEP_MAX = 256

local descending = asked.descending
local function comes_first(a, b) if descending then return a > b end return a < b end
-- Ids as Redis gave them: to write one costs more than to keep it.
local texts = {}
local function to_text(id) return texts[id] or string.format('%d', id) end

local function reverse(list)
  for i = 1, math.floor(#list / 2) do list[i], list[#list - i + 1] = list[#list - i + 1], list[i] end
end

local function sorted_beyond(ids, position)
  local beyond, last, is_sorted = {}, -1, true
  local above, below = position and not descending and position or -1, position and descending and position or math.huge
  for i = 1, #ids do
    local text = ids[i]
    local id = tonumber(text)
    if id and id > above and id < below then
      texts[id] = text
      beyond[#beyond + 1] = id
      is_sorted = is_sorted and id > last
      last = id
    end
  end
  -- A set that Redis keeps as an array of integers is in order.
  if not is_sorted then table.sort(beyond) end
  if descending then reverse(beyond) end
  return beyond
end

-- How much was looked at: tickets, and what costs as much as one.
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

local next_ids, gone_by = of_ranges, nil
if asked.customer_id and redis.call('ZCOUNT', index_key .. ':customer:' .. to_text(math.floor(tonumber(asked.customer_id) / CUSTOMERS_PER_SET)), asked.customer_id, asked.customer_id) <= CUSTOMER_MAX then
  next_ids, gone_by = of_customer, 'customer_id'
elseif asked.assigned_to then
  next_ids, gone_by = of_assignees, 'assigned_to'
end
