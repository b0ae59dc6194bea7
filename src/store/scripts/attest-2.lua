#!lua flags=allow-oom
--[[
  attest: records that the data of this server is in step with what MySQL holds, up to now. The record
  is part of the data: a server that comes back with older data comes back with an older record, and a
  replica that is promoted with that of its master.

  KEYS[1]  tickets:attested
  KEYS[2]  tickets:partitions

  ARGV[1]  1: the data has been compared with MySQL; 0: it need not be, if the record is this server's own
  ARGV[2]  into how many partitions tickets are divided

  Output: -1 when it was recorded;
          text: the number of partitions that the data was written with, when it is another;
          else the record is another server's, or from before a restart, and this is its time, ms; 0 when
          there is none
]]
local attested_key, partitions_key = KEYS[1], KEYS[2]
local compared = ARGV[1] == '1'
local partitions = ARGV[2]

redis.call('SET', partitions_key, partitions, 'NX')
local written_with = redis.call('GET', partitions_key)
if written_with ~= partitions then return written_with end

-- @include clock

-- Another run_id is another process, another master_replid another history of writes
-- (https://redis.io/docs/latest/commands/info/).
local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
local server = string.match(info, 'run_id:(%w+)') .. ':' .. string.match(info, 'master_replid:(%w+)')

local record = redis.pcall('GET', attested_key)
local recorded_server, at_ms = string.match(type(record) == 'string' and record or '', '^(%S+) (%d+)$')
if recorded_server ~= server and not compared then return tonumber(at_ms) or 0 end

redis.call('SET', attested_key, server .. ' ' .. now)
return -1
