#!lua flags=no-writes
--[[
  walk: how tickets stand, part by part: all that Redis holds, or these. One that is there during the whole walk is given at
  least once (https://redis.io/docs/latest/commands/scan/#scan-guarantees).
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2]     cursor: '0' to begin, then as the call before gave it
  ARGV[3]     keys to look at, of any kind
  ARGV[4]     the pattern of a ticket's key
  ARGV[5...]  ids: these and no others, in one call

  Output: { cursor of the next call, '0' at the end; id, version, synced_version, mark, ... }
          version, synced_version: '' when it has none; mark: 1 when it is in tickets:due or tickets:dead, else 0;
          -1 when the key is no hash
]]
local due_key, dead_key = KEYS[1], KEYS[2]
local ticket_prefix, cursor = ARGV[1], ARGV[2]
local count = tonumber(ARGV[3])
local pattern = ARGV[4]

-- @include is_id
-- @include other_type

local ids = { unpack(ARGV, 5) }
if #ids == 0 then
  local scanned = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', count)
  cursor = scanned[1]
  for _, key in ipairs(scanned[2]) do
    local id = string.sub(key, #ticket_prefix + 1)
    if is_id(id) then ids[#ids + 1] = id end
  end
end

local function is_marked(id)
  return redis.call('ZSCORE', due_key, id) or type(redis.pcall('ZSCORE', dead_key, id)) == 'string'
end

local page = { cursor }
for _, id in ipairs(ids) do
  local held = redis.pcall('HMGET', ticket_prefix .. id, 'version', 'synced_version')
  local is_hash = not is_other_type(held)
  page[#page + 1] = id
  page[#page + 1] = is_hash and held[1] or ''
  page[#page + 1] = is_hash and held[2] or ''
  page[#page + 1] = not is_hash and -1 or is_marked(id) and 1 or 0
end
return page
