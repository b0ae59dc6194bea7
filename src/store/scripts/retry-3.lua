#!lua flags=allow-oom
--[[
  retry: puts claimed tickets off that could not be written, each twice as long as the last time, and
  those that have had all their attempts to the dead letters.
  A mark that changed since the claim is let be, and a ticket that did is due again: there is something
  new to write.
  Touches the hashes of the ids in ARGV; they are in the slot of KEYS.
  Allowed when memory is full, although it grows by the failures: the flush must go on.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:failures
  KEYS[3]  tickets:dead

  ARGV[1]     score of the lease, as claim gave it
  ARGV[2]     first wait, ms
  ARGV[3]     longest wait, ms
  ARGV[4]     what stands before an id in a ticket's key
  ARGV[5...]  id, version that was refused ('' when it could not be read), attempts at most, reason

  Output: the attempts of each ticket so far, in the order of ARGV; negative: it is a dead letter now;
          0 where the mark or the ticket has changed
]]
local due_key, failures_key, dead_key = KEYS[1], KEYS[2], KEYS[3]
local lease_score = tonumber(ARGV[1])
local first_ms = tonumber(ARGV[2])
local longest_ms = tonumber(ARGV[3])
local ticket_prefix = ARGV[4]

-- @include clock

-- The attempts so far; what another program has written there counts as none.
local function attempts_of(id)
  local known = redis.pcall('HGET', failures_key, id)
  if type(known) == 'table' then redis.call('DEL', failures_key) end
  local ok, failure = pcall(cjson.decode, known)
  local count = ok and type(failure) == 'table' and failure.attempts
  return type(count) == 'number' and count or 0
end

local function put_off(id, attempts)
  local wait_ms = math.min(first_ms * 2 ^ (attempts - 1), longest_ms)
  redis.call('ZADD', due_key, 'XX', string.format('%.0f', now_ms + wait_ms), id)
end

-- Another program may have made tickets:dead what it is not: then no ticket dies.
local can_bury = ({ zset = true, none = true })[redis.call('TYPE', dead_key).ok]
local function bury(id)
  redis.call('ZADD', dead_key, string.format('%.0f', now_ms), id)
  redis.call('ZREM', due_key, id)
end

-- @include other_type

local function has_changed(id, refused)
  if refused == '' then return false end
  local version = redis.pcall('HGET', ticket_prefix .. id, 'version')
  return is_other_type(version) or version ~= refused
end

local attempts = {}
for i = 5, #ARGV, 4 do
  local id, refused, attempts_max, reason = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local count = 0
  local score = redis.call('ZSCORE', due_key, id)
  if score and tonumber(score) == lease_score then
    if has_changed(id, refused) then
      redis.call('ZADD', due_key, 'XX', now, id)
    else
      count = attempts_of(id) + 1
      redis.call('HSET', failures_key, id, cjson.encode({ attempts = count, error = reason }))
      if count < attempts_max or not can_bury then
        put_off(id, count)
      else
        bury(id)
        count = -count
      end
    end
  end
  attempts[#attempts + 1] = count
end
return attempts
