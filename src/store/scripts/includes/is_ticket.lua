-- By the table of fields: INTEGERS, the largest value by field, as text; REQUIRED, a list of names.
-- @fields

-- Text, a number or a boolean, as JSON. The brackets let cjson take a value that is no object or array.
local function is_custom_value(json)
  local ok, values = pcall(cjson.decode, '[' .. json .. ']')
  return ok and #values == 1 and (type(values[1]) == 'string' or type(values[1]) == 'number' or type(values[1]) == 'boolean')
end

-- A foreign program may have written the hash: nothing is built on what is not a ticket. The codec
-- of the service reads what passes here.
-- flat: the same as a list of field, value, ...
local function is_ticket(fields, flat)
  for _, name in ipairs(REQUIRED) do
    if not fields[name] then return false end
  end
  for i = 1, #flat, 2 do
    local name, value = flat[i], flat[i + 1]
    local largest = INTEGERS[name]
    if largest then
      -- Of two of one length the larger text is the larger number.
      if #value > #largest or #value == #largest and value > largest or not string.find(value, '^%d+$') then return false end
    elseif is_custom(name) and not is_custom_value(value) then
      return false
    end
  end
  return true
end
