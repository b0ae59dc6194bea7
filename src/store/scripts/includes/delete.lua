-- write's operations delete and erase. What is left of the ticket is a tombstone: its id, a newer version, which nothing that comes late
-- overcomes, and what MySQL holds of it.
local function bury(key, id, fields)
  local version = string.format('%.0f', math.max((tonumber(fields.version) or 0) + 1, now_ms))
  local tombstone = { 'ticket_id', id, 'version', version, 'deleted_at', now_s }
  for _, name in ipairs({ 'synced_version', 'first_version' }) do
    if fields[name] then
      tombstone[#tombstone + 1] = name
      tombstone[#tombstone + 1] = fields[name]
    end
  end
  known[id] = nil
  local was = fields.version ~= fields.synced_version and to_state(nil, fields.status, fields.assigned_to, fields.customer_id)
  set_index(id, was, to_state(fields.synced_version and true or nil, nil, nil, nil, now_s))
  mark_now(id)
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(tombstone))
  return version
end

local function delete(key, id, asked, _, versions, _, _, _, as_of)
  local fields, failure = read(key, id, asked)
  if not fields then return failure end
  if versions ~= '' and not string.find(versions, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end
  if as_of and fields.version ~= fields.replayed and tonumber(fields.version) > tonumber(as_of) then return OUTDATED end

  return bury(key, id, fields)
end

-- erase: set is customer_id and up_to. Also what is no proper ticket, as long as it says whose it is. The field erased of the
-- tombstone tells of what is kept elsewhere that it goes, too.
local function erase(key, id, asked, _, _, set)
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return CORRUPT end
  if #flat == 0 then return asked == '' and MAYBE_ARCHIVED or MISSING end
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  if fields.deleted_at then return DELETED end
  if fields.customer_id ~= value_of(set, 'customer_id') or is_later(fields, tonumber(value_of(set, 'up_to'))) then return VERSION_CONFLICT end
  local version = bury(key, id, fields)
  redis.call('HSET', key, 'erased', 1)
  redis.pcall('HDEL', failures_key, id)
  return version
end
