#!lua flags=allow-oom
--[[
  reindex: builds the indexes of the unsynced tickets anew, step by step, one instance at a time: the keys that are there are removed,
  then every ticket of tickets:due and tickets:dead is added. What is written meanwhile keeps its own entries.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index: state, '1' when the indexes are whole, 'building', or none; status:S, how many unsynced tickets have
           the status; unindexed, marks without a ticket that could be indexed; owner and lease_until_ms of who builds

  ARGV[1]  'begin'   ARGV[2] owner, ARGV[3] lease, ms
           'clear'   the same, ARGV[4] cursor, ARGV[5] keys to look at, ARGV[6] the pattern of the keys to remove
           'build'   the same, ARGV[4] cursor, ARGV[5] marks to look at, ARGV[6] 'due' or 'dead', ARGV[7] what stands before an id in a ticket's key
           'finish'  the same

  Output: '' when the caller need not go on: begin, because the indexes are whole or somebody else builds them; else because somebody else does.
          Else the cursor of the next call, '0' at the end
]]
local due_key, dead_key, index_key = KEYS[1], KEYS[2], KEYS[3]
local action, owner, lease_ms, cursor, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- @include clock
-- @include other_type
-- @include is_id
-- @include chunks
-- @include index
-- @include indexed

if is_other_type(redis.pcall('HGET', index_key, 'state')) then redis.call('DEL', index_key) end

local function lease() redis.call('HSET', index_key, 'state', 'building', 'owner', owner, 'lease_until_ms', string.format('%.0f', now_ms + lease_ms)) end

local held = redis.call('HMGET', index_key, 'state', 'owner', 'lease_until_ms')
if action == 'begin' then
  if are_indexes_whole(due_key, dead_key) then return '' end
  local until_ms = tonumber(held[3]) or 0
  if held[1] == 'building' and held[2] ~= owner and until_ms > now_ms and until_ms <= now_ms + lease_ms then return '' end
  lease()
  return '0'
end
if held[1] ~= 'building' or held[2] ~= owner then return '' end
lease()

local actions = {
  clear = function()
    local scanned = redis.call('SCAN', cursor, 'MATCH', ARGV[6], 'COUNT', count)
    in_chunks(scanned[2], function(...) redis.call('DEL', ...) end)
    return scanned[1]
  end,

  build = function()
    local scanned = redis.pcall('ZSCAN', ARGV[6] == 'due' and due_key or dead_key, cursor, 'COUNT', count)
    if is_other_type(scanned) then return '0' end
    local marks = scanned[2]
    for i = 1, #marks, 2 do
      local values = is_id(marks[i]) and redis.pcall('HMGET', ARGV[7] .. marks[i], 'synced_version', unpack(INDEXED)) or {}
      if not is_other_type(values) then
        set_index(marks[i], false, to_state(values[1] and true or nil, unpack(values, 2, 5)))
      end
    end
    apply_index()
    return scanned[1]
  end,

  finish = function()
    local fields = redis.call('HGETALL', index_key)
    for i = 1, #fields, 2 do
      local status = string.match(fields[i], '^status:(.*)$')
      if status then
        local total = 0
        for _, range in ipairs(redis.call('ZRANGE', index_key .. ':ranges:' .. status, 0, -1)) do
          total = total + redis.call('SCARD', index_key .. ':ids:' .. range .. ':' .. status)
        end
        if total == 0 then redis.call('HDEL', index_key, fields[i]) else redis.call('HSET', index_key, fields[i], total) end
      end
    end
    redis.call('HSET', index_key, 'unindexed', string.format('%.0f', count_marks(due_key, dead_key) - count_indexed()), 'state', '1')
    redis.call('HDEL', index_key, 'owner', 'lease_until_ms')
    return '0'
  end,
}

return actions[action]()
