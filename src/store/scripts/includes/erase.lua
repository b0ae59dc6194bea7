-- write's operation erase: set is customer_id and up_to. Also what is no proper ticket, as long as it says whose it is. The field erased of
-- the tombstone tells of what is kept elsewhere that it goes, too.
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
