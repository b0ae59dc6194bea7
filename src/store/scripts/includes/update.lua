-- write's operation update.

-- The names in remove that the ticket has, as a set.
local function to_be_removed(fields, remove)
  local removed = {}
  for _, name in ipairs(remove) do
    if name == 'custom_fields' then
      for field in pairs(fields) do removed[field] = is_custom(field) or removed[field] end
    elseif fields[name] then
      removed[name] = true
    end
  end
  return removed
end

-- Only what adds custom fields is refused for their number: a foreign program may have written more.
local function has_too_many_custom_fields(fields, set, removed)
  local added, kept = 0, 0
  for i = 1, #set, 2 do
    if is_custom(set[i]) and (not fields[set[i]] or removed[set[i]]) then added = added + 1 end
  end
  if added == 0 then return false end
  for name in pairs(fields) do
    if is_custom(name) and not removed[name] then kept = kept + 1 end
  end
  return kept + added > CUSTOM_FIELDS_MAX
end

local function would_change(fields, set, remove)
  for i = 1, #set, 2 do
    if fields[set[i]] ~= set[i + 1] then return true end
  end
  return next(to_be_removed(fields, remove)) ~= nil
end

-- What does not change of a ticket touches no index. One that was in step with MySQL had no entries.
local function index_update(id, fields, was_in_step, status, assignee)
  if not was_in_step and status == fields.status and assignee == fields.assigned_to then return end
  local was = not was_in_step and was_indexed[id] == nil and to_state(nil, status, assignee, fields.customer_id)
  set_index(id, was, to_state(was_in_step or nil, fields.status, fields.assigned_to, fields.customer_id))
end

-- What was read, with the fields of set: costs less than to make the list anew.
local function with_changes(flat, set)
  for i = 1, #set, 2 do
    local at = 1
    while flat[at] and flat[at] ~= set[i] do at = at + 2 end
    flat[at], flat[at + 1] = set[i], set[i + 1]
  end
  for i = 2, #flat, 2 do hash_bytes = hash_bytes + #flat[i] end
  return flat
end

local function update(key, id, asked, _, versions, set, remove, answer, as_of)
  local fields, failure = read(key, id, asked)
  if not fields then return failure end
  if versions ~= '' and not string.find(versions, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end
  if as_of and fields.version ~= fields.replayed and tonumber(fields.version) > tonumber(as_of) then
    return would_change(fields, set, remove) and OUTDATED or to_flat(fields)
  end

  local was_closed = is_closed_ticket(fields)
  local status = value_of(set, 'status') or fields.status
  local is_closed = was_closed
  if status ~= fields.status then is_closed = is_closed_status(status) end
  local removed = to_be_removed(fields, remove)
  if fields.closed_at and not is_closed then removed.closed_at = true end
  if has_too_many_custom_fields(fields, set, removed) then return TOO_MANY_CUSTOM_FIELDS end

  local before = fields.version .. ',' .. fields.updated_at
  local last_version = tonumber(fields.version)
  -- Text, because a number would lose its last digits as JSON.
  local version = last_version < now_ms and now or string.format('%.0f', last_version + 1)
  set[#set + 1] = 'version'
  set[#set + 1] = version
  set[#set + 1] = 'updated_at'
  set[#set + 1] = now_s
  if is_closed and not fields.closed_at then
    set[#set + 1] = 'closed_at'
    set[#set + 1] = now_s
  end
  if as_of then
    set[#set + 1] = 'replayed'
    set[#set + 1] = version
  end

  local was_in_step, old_status, old_assignee = fields.version == fields.synced_version, fields.status, fields.assigned_to
  if was_in_step then settle(old_status, -1) end
  -- If one of these fails, nobody knows how the ticket is.
  local flat = flats[id]
  known[id], flats[id] = nil, nil
  mark_due(id, was_closed, is_closed)
  -- What MySQL does not hold must not be evicted or expire.
  redis.call('PERSIST', key)
  hset(key, set)
  for name in pairs(removed) do
    redis.call('HDEL', key, name)
    fields[name] = nil
  end
  for i = 1, #set, 2 do fields[set[i]] = set[i + 1] end
  index_update(id, fields, was_in_step, old_status, old_assignee)
  known[id] = fields
  if answer == 'version' then return version .. ',' .. before end
  return flat and next(removed) == nil and with_changes(flat, set) or to_flat(fields)
end
