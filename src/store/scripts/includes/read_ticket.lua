local function read(key, id, asked)
  if known[id] then return known[id] end
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return nil, CORRUPT end
  if #flat == 0 then return nil, asked == '' and MAYBE_ARCHIVED or MISSING end
  local fields = {}
  for i = 1, #flat, 2 do
    local value = flat[i + 1]
    fields[flat[i]] = value
    hash_bytes = hash_bytes + #value
  end
  if fields.deleted_at then return nil, DELETED end
  if not is_ticket(fields, flat) then return nil, CORRUPT end
  known[id], flats[id] = fields, flat
  return fields
end

local function to_flat(fields)
  local all = {}
  for name, value in pairs(fields) do
    all[#all + 1] = name
    all[#all + 1] = value
    hash_bytes = hash_bytes + #value
  end
  return all
end
