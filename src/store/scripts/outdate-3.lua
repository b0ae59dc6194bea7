#!lua flags=allow-oom
--[[
  outdate: records that MySQL holds less of tickets than it had acknowledged, and makes them due now. Dead letters stay where
  they are: what they wait for is another decision.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index, and the keys that begin with it

  ARGV[1]     what stands before an id in a ticket's key
  ARGV[2...]  id, the synced_version that was compared with MySQL ('' for none), the version that MySQL holds ('' for none).
              Where both are the same, the ticket is made due only if it has no mark

  Output: the ids that are due now; the others have changed since they were compared, or need not be pushed
]]
local due_key, dead_key, index_key = KEYS[1], KEYS[2], KEYS[3]
local ticket_prefix = ARGV[1]

-- @include clock
-- @include other_type
-- @include chunks
-- @include index_layout
-- @include index
-- @include apply_index
-- @include settled_epoch

local function is_dead(id) return type(redis.pcall('ZSCORE', dead_key, id)) == 'string' end

local outdated, is_changed = {}, false
for i = 2, #ARGV, 3 do
  local id, compared, in_mysql = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local key = ticket_prefix .. id
  local held = redis.pcall('HMGET', key, 'version', 'synced_version', unpack(INDEXED))
  if is_other_type(held) then held = {} end
  local version, synced = held[1], held[2] or ''
  if version and version ~= in_mysql and synced == compared then
    is_changed = true
    set_index(id, false, to_state(in_mysql ~= '', unpack(held, 3, 6)))
    -- What MySQL does not hold must not be evicted or expire.
    redis.call('PERSIST', key)
    if compared ~= in_mysql then
      if in_mysql == '' then redis.call('HDEL', key, 'synced_version') else redis.call('HSET', key, 'synced_version', in_mysql) end
    end
    if not is_dead(id) and (compared ~= in_mysql or not redis.call('ZSCORE', due_key, id)) then
      redis.call('ZADD', due_key, 'LT', now, id)
      outdated[#outdated + 1] = id
    end
  end
end
apply_index()
if is_changed then begin_settled_epoch() end
return outdated
