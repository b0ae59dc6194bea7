-- write's operation delete. What is left of the ticket is a tombstone: its id, a newer version, which nothing that comes late
-- overcomes, and what MySQL holds of it.
local function delete(key, id, asked, _, versions, _, _, _, as_of)
  local fields, failure = read(key, id, asked)
  if not fields then return failure end
  if versions ~= '' and not string.find(versions, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end
  if as_of and fields.version ~= fields.replayed and tonumber(fields.version) > tonumber(as_of) then return OUTDATED end

  local version = string.format('%.0f', math.max(tonumber(fields.version) + 1, now_ms))
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
