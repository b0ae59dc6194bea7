-- The change log: a stream, with one entry for all tickets that a call has changed, 'ID,ID,...'. An entry's id is what it is found
-- after: Redis gives it, higher than all before, while it runs the script that changes the tickets, so that no gap fills later.
-- Needs changes_key, CHANGES_SECONDS (0: there is no log) and now_ms.
local oldest
local function log_changes(ids)
  if #ids == 0 then return end
  if CHANGES_SECONDS == 0 then
    -- One that goes on later must not have a gap: no position of before counts then.
    redis.pcall('DEL', changes_key)
    return
  end
  oldest = oldest or string.format('%.0f', math.max(0, now_ms - CHANGES_SECONDS * 1000))
  -- What cannot be logged has been changed all the same.
  redis.pcall('XADD', changes_key, 'MINID', '~', oldest, '*', 'ids', table.concat(ids, ','))
end
