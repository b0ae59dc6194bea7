-- The change log: a stream, with one entry for all tickets that a call has changed, 'ID,ID,...'. An entry's id is what it is found
-- after: Redis gives it, higher than all before, while it runs the script that changes the tickets, so that no gap fills later.
-- Needs changes_key, changes_seconds (0: there is no log) and now_ms.
local function log_changes(ids)
  if #ids == 0 then return end
  if changes_seconds == 0 then
    -- One that goes on later must not have a gap: no position of before counts then.
    redis.pcall('DEL', changes_key)
    return
  end
  local oldest = string.format('%.0f', math.max(0, now_ms - changes_seconds * 1000))
  -- What cannot be logged has been changed all the same.
  redis.pcall('XADD', changes_key, 'MINID', '~', oldest, '*', 'ids', table.concat(ids, ','))
end
