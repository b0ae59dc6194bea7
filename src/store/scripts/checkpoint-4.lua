#!lua flags=allow-oom
--[[
  checkpoint: records that the data of this server is in step with what MySQL holds, up to now. The record
  is part of the data: a server that comes back with older data comes back with an older record, and a
  replica that is promoted with that of its master.

  KEYS[1]  tickets:attested
  KEYS[2]  tickets:partitions
  KEYS[3]  tickets:fields
  KEYS[4]  tickets:acknowledged: all stamps change when the record is another server's, or from before a restart

  ARGV[1]  1: the data has been compared with MySQL; 0: it need not be, if the record is this server's own
  ARGV[2]  the number of partitions that tickets are divided into
  ARGV[3...]  the fields of a ticket that the caller knows: they are registered, so that an older version of the service finds
              out which it does not know

  Output: -1 when it was recorded;
          text: the number of partitions that the data was written with, when it is another;
          else the record is another server's, or from before a restart, and this is its time, ms; 0 when
          there is none; 1 when it lies ahead: the clock was set back, and what came since may bear any time
]]
local checkpoint_key, partitions_key, fields_key, acknowledged_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local compared = ARGV[1] == '1'
local partitions = ARGV[2]

-- The clocks of two servers differ by less: the margin of the comparison (src/sync/reconcile.ts) covers that.
local SKEW_MS = 60000

redis.call('SET', partitions_key, partitions, 'NX')
local written_with = redis.call('GET', partitions_key)
if written_with ~= partitions then return written_with end

-- @include clock

-- @include other_type

for i = 3, #ARGV do
  -- Another program may have made it what it is not: then nobody is told.
  if is_other_type(redis.pcall('HSETNX', fields_key, ARGV[i], now)) then break end
end

-- Another run_id is another process, another master_replid another history of writes
-- (https://redis.io/docs/latest/commands/info/).
local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
local server = string.match(info, 'run_id:(%w+)') .. ':' .. string.match(info, 'master_replid:(%w+)')

local record = redis.pcall('GET', checkpoint_key)
local recorded_server, at_ms = string.match(type(record) == 'string' and record or '', '^(%S+) (%d+)$')
if recorded_server ~= server and not compared then
  -- Of another type it is made anew by the next acknowledgement.
  is_other_type(redis.pcall('HSET', acknowledged_key, 'server', now))
  at_ms = tonumber(at_ms) or 0
  return at_ms <= now_ms + SKEW_MS and at_ms or 1
end

redis.call('SET', checkpoint_key, server .. ' ' .. now)
return -1
