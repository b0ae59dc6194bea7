#!lua flags=no-writes
--[[
  inspect: how a ticket stands on its way to MySQL.
  Touches the ticket's hash; it is in the slot of KEYS.

  KEYS[1]  tickets:due
  KEYS[2]  tickets:dead
  KEYS[3]  tickets:failures

  ARGV[1]  what stands before an id in a ticket's key
  ARGV[2]  the id
  ARGV[3]  horizon, ms: what is due further ahead of now is due now. Redis's clock was set back

  Output: { mark, due, died, failure, version, synced_version, deleted_at }
          mark     'none', 'open' (not due until it is closed), 'scheduled', 'due', 'claimed', 'dead'
          due      when it is or was due, ms; '' for the marks none, open, claimed and dead
          died     when it became a dead letter, ms; '' when it is none
          failure  the JSON of retry; '' when there is none
          version, synced_version, deleted_at  of the hash; '' when it has none; version '' when there is no ticket, '?' when the key is no hash
]]
local due_key, dead_key, failures_key = KEYS[1], KEYS[2], KEYS[3]
local ticket_prefix, id = ARGV[1], ARGV[2]
local horizon_ms = tonumber(ARGV[3])

-- @include clock
-- @include other_type

-- Of another type they hold nothing of the ticket.
local function text_of(...)
  local found = redis.pcall(...)
  return not is_other_type(found) and found or ''
end

local score, died = redis.call('ZSCORE', due_key, id), text_of('ZSCORE', dead_key, id)
local mark, due = 'none', ''
if score then
  score = tonumber(score)
  if score == math.huge then
    mark = 'open'
  elseif score > now_ms and score <= now_ms + horizon_ms then
    -- A lease ends on a half millisecond.
    mark = score % 1 == 0.5 and 'claimed' or 'scheduled'
  else
    mark = 'due'
  end
  if mark == 'scheduled' or mark == 'due' then due = string.format('%.0f', mark == 'due' and math.min(score, now_ms) or score) end
elseif died ~= '' then
  mark = 'dead'
end

local held = redis.pcall('HMGET', ticket_prefix .. id, 'version', 'synced_version', 'deleted_at')
if is_other_type(held) then held = { '?' } end
return { mark, due, died, text_of('HGET', failures_key, id), held[1] or '', held[2] or '', held[3] or '' }
