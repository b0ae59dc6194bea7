#!lua flags=allow-oom
--[[
  changes: the ids of the tickets that have changed after a position of the change log.
  A position is the id of an entry, which must be there: then nothing that follows it has been trimmed, and nothing that its owner
  has seen was lost. So an empty log gets an entry without ids. Beside it stands the epoch, Redis's replication id, so that a replica
  that was promoted is told from its master (https://redis.io/docs/latest/operate/oss_and_stack/management/replication/).

  KEYS[1]  tickets:changes

  ARGV[1]  the id of an entry; '': the end of the log is asked for
  ARGV[2]  the epoch in which it was given
  ARGV[3]  ids after which no further entry is read

  Output: { epoch, id of the last entry } for ''; else 0 when the position counts no more;
          else { epoch, now in ms, whether there are more entries, id of an entry, 'ID,ID,...', ... }, in their order
]]
local changes_key = KEYS[1]
local after, given_epoch, ids_max = ARGV[1], ARGV[2], tonumber(ARGV[3])

local ENTRIES_PER_LOOK = 50

-- @include clock

local info = redis.call('INFO', 'replication')
local function epoch_of(name) return string.sub(string.match(info, name .. ':(%w+)'), 1, 8) end
local epoch = epoch_of('master_replid')

if after == '' then
  local last = redis.call('XREVRANGE', changes_key, '+', '-', 'COUNT', 1)[1]
  return { epoch, last and last[1] or redis.call('XADD', changes_key, '*', 'ids', '') }
end
-- It was a replica when the position was given, and may have had less.
if given_epoch ~= epoch and given_epoch == epoch_of('master_replid2') then return 0 end
if #redis.call('XRANGE', changes_key, after, after) == 0 then return 0 end

local reply, ids, last = { epoch, now, 0 }, 0, after
while ids < ids_max do
  local entries = redis.call('XRANGE', changes_key, '(' .. last, '+', 'COUNT', ENTRIES_PER_LOOK)
  for _, entry in ipairs(entries) do
    local text = entry[2][1] == 'ids' and entry[2][2] or ''
    last = entry[1]
    reply[#reply + 1] = last
    reply[#reply + 1] = text
    if text ~= '' then ids = ids + 1 + select(2, string.gsub(text, ',', '')) end
    if ids >= ids_max then break end
  end
  if #entries < ENTRIES_PER_LOOK then break end
end
reply[3] = #redis.call('XRANGE', changes_key, '(' .. last, '+', 'COUNT', 1)
return reply
