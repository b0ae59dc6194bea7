-- Another text when a ticket was brought to MySQL, or what MySQL holds has changed otherwise; '' when that cannot be told. Needs index_key,
-- synced_key and other_type.
local function settled_sign()
  local epoch, removed = redis.pcall('HGET', index_key, 'settled_epoch'), redis.pcall('HGET', synced_key, 'removed')
  -- Of another type: checkpoint begins it anew.
  if is_other_type(epoch) or is_other_type(removed) then return '' end
  return (epoch or '') .. ':' .. (removed or '0')
end
