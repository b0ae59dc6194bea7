#!lua flags=no-writes
--[[
  count: how many unsynced tickets there are by status or agent, and of which of them MySQL may hold a row, which is not to be counted. By
  status also how many more tickets are in step with MySQL than when the epoch began.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:index, and the keys that begin with it
  KEYS[4]  tickets:synced

  ARGV[1]  'status' or 'assigned_to': they are counted by this; '': they are not counted
  ARGV[2]  a range of ids, to go on after; '': from the first
  ARGV[3]  ids at most, passed by those of one range for each status

  Output: 0 when the indexes are not whole; else { sign, next, counts, ids, epoch, settled }
          sign    text, another one when a ticket was brought to MySQL, or one that MySQL has has changed: then MySQL is to be asked again
          next    a range of ids, after which the next call goes on; '' when that was the last
          counts  value, number, ...; of assigned_to 0: unassigned
          ids     of those that MySQL may have a row of
          epoch   another one when what MySQL holds has changed otherwise
          settled status, number, ...: more, or fewer, than when the epoch began
]]
local due_key, dead_key, index_key, synced_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local counted_by, after, ids_max = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- @include other_type
-- @include chunks
-- @include index_layout
-- @include index
-- @include indexed
-- @include settled_sign

if not are_indexes_whole(due_key, dead_key) then return 0 end

local counts, settled_now = {}, {}

local function add(flat, value, number)
  flat[#flat + 1] = value
  flat[#flat + 1] = number
end

local counters = {
  status = function()
    local fields = redis.call('HGETALL', index_key)
    for i = 1, #fields, 2 do
      local kind, status = string.match(fields[i], '^(%a+):([^,]+)$')
      if kind then add(kind == 'status' and counts or settled_now, status, tonumber(fields[i + 1])) end
    end
  end,

  -- From one agent to the next, without what lies between.
  assigned_to = function()
    local unassigned = redis.call('HGET', index_key, 'status:' .. UNASSIGNED)
    if unassigned then add(counts, '0', tonumber(unassigned)) end
    local key = index_key .. ':assignee'
    local from = '-'
    while true do
      local first = redis.call('ZRANGE', key, from, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
      if not first then return end
      local agent = struct.unpack('>I7', first)
      local to = '[' .. struct.pack('>I7I7', agent, 9007199254740992)
      add(counts, string.format('%.0f', agent), redis.call('ZLEXCOUNT', key, '[' .. first, to))
      from = '(' .. string.sub(to, 2)
    end
  end,
}

local epoch = redis.call('HGET', index_key, 'settled_epoch') or ''
if counters[counted_by] then counters[counted_by]() end

local sign = settled_sign() .. ':' .. (redis.call('HGET', index_key, 'status:' .. HELD) or '0')

local ids, next_range = {}, ''
for _, range in ipairs(redis.call('ZRANGE', index_key .. ':ranges:' .. HELD, after == '' and '-inf' or '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, ids_max)) do
  for _, id in ipairs(redis.call('SMEMBERS', index_key .. ':ids:' .. range .. ':' .. HELD)) do ids[#ids + 1] = id end
  if #ids >= ids_max then
    next_range = range
    break
  end
end
return { sign, next_range, counts, ids, epoch, settled_now }
