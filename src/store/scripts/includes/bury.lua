-- What write leaves of a ticket that is deleted or erased, a tombstone: its id, a newer version, which nothing that comes late overcomes, and
-- what MySQL holds of it.
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
  local was_in_step = fields.version == fields.synced_version
  if was_in_step then settle(fields.status, -1) end
  local was = not was_in_step and to_state(nil, fields.status, fields.assigned_to, fields.customer_id)
  set_index(id, was, to_state(fields.synced_version and true or nil, nil, nil, nil, now_s))
  mark_now(id)
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(tombstone))
  return version
end
