#!lua flags=allow-oom
--[[
  reindex: builds the indexes of the unsynced tickets anew, step by step, one instance at a time: the keys that are there are removed,
  then every ticket of tickets:due and tickets:dead is added. What is written meanwhile keeps its own entries.
  Or removes them for good, when no instance wants them any more.
  Touches the hashes of the ids that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index: state, '5' or, in a Cluster, '6' when the indexes are whole, 'building', 'off', or none; status:S, how many unsynced tickets have
           the status; unindexed, marks without a ticket that could be indexed; owner and lease_until_ms of who builds or removes;
           wanted_until_ms, until when an instance has said that it wants them

  ARGV[1]  'begin'   ARGV[2] owner, ARGV[3] lease, ms, ARGV[4] ms for which the caller wants the indexes
           'drop'    ARGV[2] owner, ARGV[3] lease, ms: the caller does not want them
           'clear'   the same, ARGV[4] cursor, ARGV[5] keys to look at, ARGV[6] the pattern of the keys to remove
           'build'   the same, ARGV[4] cursor, ARGV[5] marks to look at, ARGV[6] 'due' or 'dead', ARGV[7] what stands before an id in a ticket's key
           'finish'  the same

  Output: '' when the caller need not go on: begin, because the indexes are whole or somebody else builds them; drop, because they are
          removed or somebody wants them or removes them; else because somebody else does.
          Else the cursor of the next call, '0' at the end
]]
local due_key, dead_key, index_key = KEYS[1], KEYS[2], KEYS[3]
local action, owner, lease_ms, cursor, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- No instance says so for longer (src/sync/reindex.ts).
local WANTED_MAX_MS = 4 * 86400 * 1000

-- @include clock
-- @include other_type
-- @include is_id
-- @include chunks
-- @include index_layout
-- @include index
-- @include apply_index
-- @include settled_epoch
-- @include indexed

if is_other_type(redis.pcall('HGET', index_key, 'state')) then redis.call('DEL', index_key) end

local held = redis.call('HMGET', index_key, 'state', 'owner', 'lease_until_ms', 'wanted_until_ms')
local state = held[1]

local function lease(as)
  redis.call('HSET', index_key, 'state', as, 'owner', owner, 'lease_until_ms', string.format('%.0f', now_ms + lease_ms))
end

-- A time that lies further ahead than it can is one of a clock that jumped.
local function is_ahead(until_ms, at_most_ms)
  until_ms = tonumber(until_ms) or 0
  return until_ms > now_ms and until_ms <= now_ms + at_most_ms
end

local function is_anothers(as) return state == as and held[2] and held[2] ~= owner and is_ahead(held[3], lease_ms) end

if action == 'begin' then
  redis.call('HSET', index_key, 'wanted_until_ms', string.format('%.0f', now_ms + tonumber(ARGV[4])))
  if are_indexes_whole(due_key, dead_key) or is_anothers('building') then return '' end
  lease('building')
  return '0'
elseif action == 'drop' then
  local is_done = state == 'off' and not held[2]
  if is_done or is_ahead(held[4], WANTED_MAX_MS) or is_anothers('off') then return '' end
  -- From here on nothing is put in.
  lease('off')
  return '0'
end
if state ~= 'building' and state ~= 'off' or held[2] ~= owner then return '' end
lease(state)

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
        -- What has a time at which it is due, or is dead, may have been claimed.
        local is_held = values[1] or ARGV[6] == 'dead' or tonumber(marks[i + 1]) < math.huge
        set_index(marks[i], false, to_state(is_held and true or nil, unpack(values, 2, 5)))
      end
    end
    apply_index()
    return scanned[1]
  end,

  finish = function()
    if state == 'off' then
      redis.call('DEL', index_key)
      redis.call('HSET', index_key, 'state', 'off')
      return '0'
    end
    begin_settled_epoch()
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
    redis.call('HSET', index_key, 'unindexed', string.format('%.0f', count_marks(due_key, dead_key) - count_indexed()), 'state', INDEXED_AS)
    redis.call('HDEL', index_key, 'owner', 'lease_until_ms')
    return '0'
  end,
}

return actions[action]()
