#!lua flags=no-writes
--[[
  scan: unsynced tickets with their versions and statuses, part by part. One that is unsynced during the whole scan
  is given at least once (https://redis.io/docs/latest/commands/scan/#scan-guarantees).
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  cursor: '0' to begin, then as the call before gave it
  ARGV[3]  about how many

  Output: { cursor of the next call, '0' at the end; id, version, status, ... }; status: '' when it has none;
          without those that have no version
]]
local due_key = KEYS[1]
local ticket_prefix, cursor = ARGV[1], ARGV[2]
local count = tonumber(ARGV[3])

-- @include is_id
-- @include other_type

local scanned = redis.call('ZSCAN', due_key, cursor, 'COUNT', count)
local marks = scanned[2]
local page = { scanned[1] }
for i = 1, #marks, 2 do
  local held = is_id(marks[i]) and redis.pcall('HMGET', ticket_prefix .. marks[i], 'version', 'status') or {}
  if not is_other_type(held) and held[1] then
    page[#page + 1] = marks[i]
    page[#page + 1] = held[1]
    page[#page + 1] = held[2] or ''
  end
end
return page
