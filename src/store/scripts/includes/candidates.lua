-- Finds the ids of unsynced tickets by the indexes, in order: `next_ids(position)` gives those of a step beyond it, and where it has looked to when
-- these are done; nil: there are no more. What it finds has one of the statuses that are asked for; of the other filters it heeds the one that it
-- goes by, `gone_by`. Needs index_layout, index_key, `asked`, which has the filters and `descending`, `statuses`, a
-- set, and `are_statuses_in_hashes`: the caller heeds them itself where it goes by something else.

-- Small enough to be ordered in a moment. With more the ids are walked in order.
local CUSTOMER_MAX = 1000
local STEP_MAX = 256
-- Ids of each of several agents, and ranges of each of several statuses, that are read at once.
local PER_ASSIGNEE_MIN, PER_ASSIGNEE_MAX = 4, 64
local RANGES_AT_ONCE = 32

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
  if not statuses or are_statuses_in_hashes then return ids end
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

-- Several queues as one. `read_more(name, position)` gives the next ones of a name beyond a position, in order, and whether there may be more. What is read is
-- kept for the next step.
local function merge_queues(names, read_more)
  local queues = {}
  local function refill(queue, position)
    if queue.at <= #queue or not queue.has_more then return end
    local more, has_more = read_more(queue.name, queue[#queue] or position)
    for i = #queue, 1, -1 do queue[i] = nil end
    for i = 1, #more do queue[i] = more[i] end
    queue.at, queue.has_more = 1, has_more
    -- What was read, and the call.
    looked = looked + 1 + #more / 10
  end
  return function(position)
    for i, name in ipairs(names) do
      queues[i] = queues[i] or { name = name, at = 1, has_more = true }
      refill(queues[i], position)
    end
    return queues
  end
end

local ranges_of = {}

-- Those of the next range that has any in one of the sets of these names.
local function of_next_range(names, position)
  ranges_of[names] = ranges_of[names] or merge_queues(names, function(name, beyond)
    local key = index_key .. ':ranges:' .. name
    local bound = beyond and '(' .. beyond or descending and '+inf' or '-inf'
    local found = descending and redis.call('ZRANGE', key, bound, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, RANGES_AT_ONCE) or
      not descending and redis.call('ZRANGE', key, bound, '+inf', 'BYSCORE', 'LIMIT', 0, RANGES_AT_ONCE)
    return found, #found == RANGES_AT_ONCE
  end)
  -- A position within a range is one that has this range before it.
  local from = position and math.floor((descending and position - 1 or position + 1) / INDEX_RANGE) + (descending and 1 or -1)
  local queues, next_range = ranges_of[names](from and string.format('%.0f', from)), nil
  for _, queue in ipairs(queues) do
    local range = tonumber(queue[queue.at])
    if range and (not next_range or comes_first(range, next_range)) then next_range = range end
  end
  if not next_range then return {}, nil end
  local ids, text = {}, string.format('%.0f', next_range)
  for _, queue in ipairs(queues) do
    if tonumber(queue[queue.at]) == next_range then
      queue.at = queue.at + 1
      looked = looked + 1
      for _, id in ipairs(redis.call('SMEMBERS', index_key .. ':ids:' .. text .. ':' .. queue.name)) do ids[#ids + 1] = id end
    end
  end
  return sorted_beyond(ids, position), descending and next_range * INDEX_RANGE or (next_range + 1) * INDEX_RANGE - 1
end

local unassigned = { UNASSIGNED }
local of_agents

local function read_assignee(agent, beyond)
  local per_assignee = math.max(PER_ASSIGNEE_MIN, math.min(PER_ASSIGNEE_MAX, math.floor(STEP_MAX / #asked.assigned_to)))
  local function bound(id, is_open) return (is_open and '(' or '[') .. struct.pack('>I7I7', agent, id) end
  local low, high = bound(0), bound(9007199254740992)
  local members
  if descending then
    members = redis.call('ZRANGE', index_key .. ':assignee', beyond and bound(beyond, true) or high, low, 'BYLEX', 'REV', 'LIMIT', 0, per_assignee)
  else
    members = redis.call('ZRANGE', index_key .. ':assignee', beyond and bound(beyond, true) or low, high, 'BYLEX', 'LIMIT', 0, per_assignee)
  end
  for i, member in ipairs(members) do members[i] = struct.unpack('>I7', member, 8) end
  return members, #members == per_assignee
end

-- Of unassigned tickets a range at a time, in the queue of their own.
local nobody = { at = 1, has_more = true }
local function fill_nobody(position)
  if nobody.at <= #nobody or not nobody.has_more then return end
  local ids, edge = of_next_range(unassigned, nobody.edge or position)
  for i = #nobody, 1, -1 do nobody[i] = nil end
  for i = 1, #ids do nobody[i] = ids[i] end
  nobody.at, nobody.edge, nobody.has_more = 1, edge, edge ~= nil
end

local function of_assignees(position)
  local agents, queues = {}, {}
  for _, assignee in ipairs(asked.assigned_to) do
    if assignee == '0' then
      fill_nobody(position)
      queues[1] = nobody
    else
      agents[#agents + 1] = assignee
    end
  end
  of_agents = of_agents or merge_queues(agents, read_assignee)
  for _, queue in ipairs(of_agents(position)) do queues[#queues + 1] = queue end
  -- As far as all have been read: of those that have more, the one that ends first says how far.
  local edge
  for _, queue in ipairs(queues) do
    local last = queue == nobody and queue.edge or queue[#queue]
    if queue.has_more and (not edge or comes_first(last, edge)) then edge = last end
  end
  local all = {}
  for _, queue in ipairs(queues) do
    while queue[queue.at] and (not edge or not comes_first(edge, queue[queue.at])) do
      all[#all + 1] = queue[queue.at]
      queue.at = queue.at + 1
    end
  end
  table.sort(all)
  if descending then reverse(all) end
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
