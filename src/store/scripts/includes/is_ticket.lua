-- By the table of fields: INTEGERS, the largest value by field; REQUIRED, a list of names.
-- @fields

-- Text, a number or a boolean, as JSON. The brackets let cjson take a value that is no object or array.
local function is_custom_value(json)
  local ok, values = pcall(cjson.decode, '[' .. json .. ']')
  return ok and #values == 1 and (type(values[1]) == 'string' or type(values[1]) == 'number' or type(values[1]) == 'boolean')
end

-- A foreign program may have written the hash: nothing is built on what is not a ticket. The codec
-- of the service reads what passes here.
local function is_ticket(fields)
  for _, name in ipairs(REQUIRED) do
    if not fields[name] then return false end
  end
  for name, largest in pairs(INTEGERS) do
    local value = fields[name]
    if value and not (#value <= 16 and string.find(value, '^%d+$') and tonumber(value) <= largest) then return false end
  end
  for name, value in pairs(fields) do
    if is_custom(name) and not is_custom_value(value) then return false end
  end
  return true
end
