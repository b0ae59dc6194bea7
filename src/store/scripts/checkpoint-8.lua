#!lua flags=allow-oom
--[[
  checkpoint: records that the data of this server is in step with what MySQL holds, up to now. The record
  is part of the data: a server that comes back with older data comes back with an older record, and a
  replica that is promoted with that of its master.
  Says, too, how many unsynced tickets have vanished since the caller looked last. Nobody knows that when the data has gone but
  those who have seen it: each caller brings what it knows, and the first one that finds the loss gives the record another
  name, so that the others do not tell of it again.

  KEYS[1]  tickets:attested
  KEYS[2]  tickets:partitions
  KEYS[3]  tickets:fields
  KEYS[4]  tickets:due
  KEYS[5]  tickets:dead
  KEYS[6]  tickets:synced: record, a name that goes with the data; replaced, the name before, of which the loss has been told;
           removed, marks that have gone on purpose; last, tickets that MySQL has taken last, 'ID:VERSION ID:VERSION'
  KEYS[7]  tickets:resync
  KEYS[8]  tickets:acknowledged: all stamps change when the record is another server's, or from before a restart

  ARGV[1]  1: the data has been compared with MySQL; 0: it need not be, if the record is this server's own
  ARGV[2]  how tickets are divided into partitions
  ARGV[3]  a new name for tickets:synced
  ARGV[4..7]  what the caller knows: the name, the server, the unsynced tickets (dead letters among them), and removed; '' each
              when it knows nothing
  ARGV[8...]  the fields of a ticket that the caller knows: they are registered, so that an older version of the service finds
              out which it does not know

  Output: text: how the tickets in the data are divided, when that is otherwise;
          else { answer, vanished, name, server, unsynced, removed, last, number of the resync, state, reason }
          answer    -1 when it was recorded; else the record is another server's, or from before a restart, and this is its
                    time, ms; 0 when there is none; 1 when it lies ahead: the clock was set back, and what came since may bear any time
          vanished  unsynced tickets that the caller knew of and that are gone; where Redis came back with older data, those that
                    became unsynced since: MySQL may have got some of them
]]
local checkpoint_key, partitions_key, fields_key, due_key, dead_key, synced_key, resync_key, acknowledged_key = unpack(KEYS)
local compared = ARGV[1] == '1'
local partitions = ARGV[2]
local new_name = ARGV[3]
local known_name, known_server, known_unsynced, known_removed = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])

-- The clocks of two servers differ by less: the margin of the comparison (src/sync/reconcile.ts) covers that.
local SKEW_MS = 60000

redis.call('SET', partitions_key, partitions, 'NX')
local written_with = redis.call('GET', partitions_key)
if written_with ~= partitions then return written_with end

-- @include clock

-- @include other_type

for i = 8, #ARGV do
  -- Another program may have made it what it is not: then nobody is told.
  if is_other_type(redis.pcall('HSETNX', fields_key, ARGV[i], now)) then break end
end

-- Another run_id is another process, another master_replid another history of writes
-- (https://redis.io/docs/latest/commands/info/).
local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
local server = string.match(info, 'run_id:(%w+)') .. ':' .. string.match(info, 'master_replid:(%w+)')

local attested = redis.pcall('GET', checkpoint_key)
local recorded_server, at_ms = string.match(type(attested) == 'string' and attested or '', '^(%S+) (%d+)$')

-- Of another type they hold none.
local function size_of(key)
  local size = redis.pcall('ZCARD', key)
  return is_other_type(size) and 0 or size
end

local function fields_of(key, ...)
  local values = redis.pcall('HMGET', key, ...)
  if not is_other_type(values) then return values end
  redis.call('DEL', key)
  return {}
end

local synced = fields_of(synced_key, 'record', 'replaced', 'removed', 'last')
local name, replaced, removed, last = synced[1], synced[2], tonumber(synced[3]) or 0, synced[4] or ''
local unsynced = size_of(due_key) + size_of(dead_key)

local function count_vanished()
  if known_name == '' or known_name == replaced then return 0 end
  local fewer = math.max(0, math.min(known_unsynced, known_unsynced - unsynced - (removed - known_removed)))
  if name == known_name then
    -- On the same server marks go on purpose only, or by a version of the service that does not count them.
    return (server ~= known_server or removed < known_removed) and fewer or 0
  end
  -- Another program has deleted it alone.
  if not name and recorded_server then return math.max(0, known_unsynced - unsynced) end
  return known_unsynced
end

local vanished = count_vanished()
if not name or vanished > 0 then
  name = new_name
  redis.call('HSET', synced_key, 'record', name, 'replaced', known_name, 'removed', string.format('%.0f', removed))
end

local answer = -1
if recorded_server ~= server and not compared then
  -- Of another type it is made anew by the next acknowledgement.
  is_other_type(redis.pcall('HSET', acknowledged_key, 'server', now))
  at_ms = tonumber(at_ms) or 0
  answer = at_ms <= now_ms + SKEW_MS and at_ms or 1
else
  redis.call('SET', checkpoint_key, server .. ' ' .. now)
end
local resync = fields_of(resync_key, 'number', 'state', 'reason')
return { answer, vanished, name, server, unsynced, removed, last, tonumber(resync[1]) or 0, resync[2] or '', resync[3] or '' }
