#!lua flags=allow-oom
--[[
  search: what is there of a customer, part by part: finds his tickets, and removes stored answers of his, and of tickets that an erasure has
  made tombstones. What is there during the whole walk is looked at (https://redis.io/docs/latest/commands/scan/#scan-guarantees).
  Touches the keys that it finds; they are in the slot of KEYS.

  KEYS[1]  tickets:due

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  what stands before an Idempotency-Key
  ARGV[3]  cursor: '0' to begin, then as the call before gave it
  ARGV[4]  keys to look at, of any kind
  ARGV[5]  the pattern of all keys of the shard
  ARGV[6]  customer_id
  ARGV[7]  ms of Redis's clock: what was created later stays

  Output: { cursor of the next call, '0' at the end; how many answers were removed; id, ... }
]]
local ticket_prefix, idempotency_prefix, cursor, count, pattern, customer = unpack(ARGV, 1, 6)
local up_to = tonumber(ARGV[7])

-- @include other_type
-- @include is_id
-- @include chunks
-- @include is_later

local NAMES = { 'customer_id', 'version', 'first_version', 'accepted', 'created_at', 'deleted_at' }

local function is_customers(key)
  local held = redis.pcall('HMGET', key, unpack(NAMES))
  if is_other_type(held) or held[1] ~= customer or held[6] then return false end
  local fields = {}
  for i, name in ipairs(NAMES) do fields[name] = held[i] or nil end
  return not is_later(fields, up_to)
end

local erased = {}
local function is_erased(id)
  if erased[id] == nil then
    local held = is_id(id) and redis.pcall('HGET', ticket_prefix .. id, 'erased')
    erased[id] = held and not is_other_type(held) and true or false
  end
  return erased[id]
end

local function value_of(set, name)
  for i = 1, #set - 1, 2 do
    if set[i] == name then return set[i + 1] end
  end
end

-- A result as apply_once keeps it. Of an older version of the service there is no id beside a version.
local function is_of(kept)
  local ok, decoded = pcall(cjson.decode, kept)
  if not ok or type(decoded) ~= 'table' then return false end
  local result, id = decoded[1], decoded[3]
  local flat = type(result) == 'table' and result or {}
  id = id or value_of(flat, 'ticket_id')
  if type(id) == 'string' and is_erased(id) then return true end
  return value_of(flat, 'customer_id') == customer and (tonumber(value_of(flat, 'version')) or 0) <= up_to
end

local function remove_answers(key)
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return 0 end
  local names, others = {}, 0
  for i = 1, #flat, 2 do
    if flat[i] ~= 'fingerprint' then
      if is_of(flat[i + 1]) then names[#names + 1] = flat[i] else others = others + 1 end
    end
  end
  if #names == 0 then return 0 end
  -- The key itself may be of the customer: it stays only where it stands for what is somebody else's, too.
  if others == 0 then redis.call('DEL', key) else in_chunks(names, function(...) redis.call('HDEL', key, ...) end) end
  return #names
end

local scanned = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', count)
local removed, ids = 0, {}
for _, key in ipairs(scanned[2]) do
  if string.sub(key, 1, #ticket_prefix) == ticket_prefix then
    local id = string.sub(key, #ticket_prefix + 1)
    if is_id(id) and is_customers(key) then ids[#ids + 1] = id end
  elseif string.sub(key, 1, #idempotency_prefix) == idempotency_prefix then
    removed = removed + remove_answers(key)
  end
end
return { scanned[1], removed, unpack(ids) }
