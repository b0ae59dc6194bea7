#!lua flags=allow-oom
--[[
  resync: how far the comparison of all tickets with MySQL is, and which instance works on it. It is part of the data, so that
  another instance goes on where one has ended.

  KEYS[1]  tickets:resync: number, of resyncs so far; state, 'needed', 'running' or 'done'; reason; started_at and finished_at,
           Unix seconds; owner and lease_until_ms while it runs; compared, marked, loaded, tickets
  KEYS[2]  tickets:synced

  ARGV[1]  'read'
           'need':    ARGV[2] reason, ARGV[3] the number of the last one that the caller knows; '' for any. Not done when there
                      is another, or one is needed or runs. The tickets that MySQL took last are forgotten: they have told
           'begin':   ARGV[2] owner, ARGV[3] lease, ms. Not done when another owner's lease has not ended
           'renew':   ARGV[2] owner, ARGV[3] lease, ms; compared, marked, loaded. Not done when it is somebody else's now
           'finish':  the same

  Output: { 1 when it was done, else 0; field, value, ... }: tickets:resync as it is then
]]
local resync_key, synced_key = KEYS[1], KEYS[2]
local action = ARGV[1]

-- @include clock
-- @include other_type

local held = redis.pcall('HMGET', resync_key, 'state', 'owner', 'lease_until_ms', 'number')
if is_other_type(held) then
  redis.call('DEL', resync_key)
  held = {}
end
local state, owner, lease_until_ms, number = held[1], held[2], tonumber(held[3]) or 0, held[4] or '0'

local function set_progress(...)
  local lease_ms, compared, marked, loaded = ...
  redis.call('HSET', resync_key, 'lease_until_ms', string.format('%.0f', now_ms + tonumber(lease_ms)), 'compared', compared or 0, 'marked', marked or 0, 'loaded', loaded or 0)
end

local actions = {
  read = function() return true end,

  need = function(reason, known)
    if state == 'needed' or state == 'running' or (known ~= '' and known ~= number) then return false end
    redis.call('DEL', resync_key)
    redis.call('HSET', resync_key, 'state', 'needed', 'reason', reason, 'number', string.format('%.0f', (tonumber(number) or 0) + 1))
    redis.pcall('HDEL', synced_key, 'last')
    return true
  end,

  begin = function(me, lease_ms)
    -- A lease that lies further ahead than it can is one of a clock that jumped.
    local is_leased = state == 'running' and owner ~= me and lease_until_ms > now_ms and lease_until_ms <= now_ms + tonumber(lease_ms)
    if is_leased or (state ~= 'needed' and state ~= 'running') then return false end
    redis.call('HSET', resync_key, 'state', 'running', 'owner', me)
    redis.call('HSETNX', resync_key, 'started_at', now_s)
    set_progress(lease_ms)
    return true
  end,

  renew = function(me, ...)
    if state ~= 'running' or owner ~= me then return false end
    set_progress(...)
    return true
  end,

  finish = function(me, ...)
    if state ~= 'running' or owner ~= me then return false end
    set_progress(...)
    redis.call('HSET', resync_key, 'state', 'done', 'finished_at', now_s)
    redis.call('HDEL', resync_key, 'owner', 'lease_until_ms')
    return true
  end,
}

return { actions[action](unpack(ARGV, 2)) and 1 or 0, unpack(redis.call('HGETALL', resync_key)) }
