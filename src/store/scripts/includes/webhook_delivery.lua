-- A delivery as it is kept: 'VERSION EPOCH TYPE ATTEMPTS REASON', where the reason is what the last attempt failed with. One of another
-- form is none.
local function parse_delivery(text)
  if type(text) ~= 'string' then return nil end
  local version, epoch, type_of, attempts, reason = string.match(text, '^(%d+) (%S+) (%S+) (%d+) ?(.*)$')
  return version and { version = version, epoch = epoch, type = type_of, attempts = tonumber(attempts), reason = reason }
end

local function format_delivery(delivery)
  return table.concat({ delivery.version, delivery.epoch, delivery.type, string.format('%d', delivery.attempts), delivery.reason }, ' ')
end
