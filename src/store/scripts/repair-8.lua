#!lua flags=allow-oom
--[[
  repair: replaces tickets of which MySQL holds a newer version. They are in step with MySQL then.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:failures
  KEYS[4]  tickets:fields
  KEYS[5]  tickets:acknowledged
  KEYS[6]  tickets:synced
  KEYS[7]  tickets:index, and the keys that begin with it
  KEYS[8]  tickets:changes

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  seconds that a ticket stays
  ARGV[3]  the rows of MySQL, a JSON array of arrays; everything in them is text:
             id, version, array of field, value, ...
  ARGV[4]  the fields of a ticket that the caller knows, ',f1,f2,'
  ARGV[5]  seconds that a change stays in the change log

  Output: -1 when a newer version of the service has registered fields that the caller does not know, and so has not
          read from MySQL: nothing was replaced.
          Else per row the version that was replaced; '' where Redis holds no ticket, or one that is not older
]]
local due_key, dead_key, failures_key, fields_key, acknowledged_key, synced_key, index_key, changes_key = unpack(KEYS)
local ticket_prefix = ARGV[1]
local retention_seconds = tonumber(ARGV[2])
local CHANGES_SECONDS = tonumber(ARGV[5])

-- @include clock
-- @include chunks
-- @include other_type
-- @include unknown_fields
-- @include stamps
-- @include renew_stamps
-- @include removed
-- @include index_layout
-- @include index
-- @include apply_index
-- @include settled_epoch
-- @include changes

if next(unknown_fields(fields_key, ARGV[4])) then return -1 end

local replaced, ids, removed = {}, {}, 0
for i, row in ipairs(cjson.decode(ARGV[3])) do
  local id, version, values = unpack(row)
  local key = ticket_prefix .. id
  local held = redis.pcall('HMGET', key, 'version', unpack(INDEXED))
  local held_number = not is_other_type(held) and held[1] and tonumber(held[1])
  if held_number and held_number < tonumber(version) then
    set_index(id, to_state(true, unpack(held, 2, 5)), false)
    redis.call('DEL', key)
    hset(key, values)
    redis.call('EXPIRE', key, retention_seconds)
    removed = removed + redis.call('ZREM', due_key, id)
    local was_dead = redis.pcall('ZREM', dead_key, id)
    if not is_other_type(was_dead) then removed = removed + was_dead end
    redis.pcall('HDEL', failures_key, id)
    replaced[i] = held[1]
    ids[#ids + 1] = id
  else
    replaced[i] = ''
  end
end
apply_index()
if #ids > 0 then begin_settled_epoch() end
log_changes(ids)
renew_stamps(acknowledged_key, ids)
count_removed(synced_key, removed)
return replaced
