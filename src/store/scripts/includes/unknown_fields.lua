-- The fields of a ticket that a newer version of the service has registered (checkpoint) and the caller does not know: what
-- it reads and writes is a ticket without them.
local function unknown_fields(fields_key, known_fields)
  local registered = redis.pcall('HGETALL', fields_key)
  local unknown = {}
  if is_other_type(registered) then return unknown end
  for i = 1, #registered, 2 do
    if not string.find(known_fields, ',' .. registered[i] .. ',', 1, true) then unknown[registered[i]] = true end
  end
  return unknown
end
