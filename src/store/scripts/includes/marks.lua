-- When a change is due, by what the ticket was and is.
local due_scores = {}
local function due_score(case)
  if not due_scores[case] then
    local delay = tonumber(DUE_IN[case])
    due_scores[case] = delay == math.huge and '+inf' or delay == 0 and now or string.format('%.0f', now_ms + delay)
  end
  return due_scores[case]
end

-- Score, member, ...: the marks of all operations, set at once at the end. An operation adds its mark
-- before it writes, so that none is changed without one.
local marks = {}
local function mark_due(id, was_closed, is_closed)
  marks[#marks + 1] = due_score((was_closed and 2 or 0) + (is_closed and 1 or 0) + 1)
  marks[#marks + 1] = id
end

local function mark_now(id)
  marks[#marks + 1] = now
  marks[#marks + 1] = id
end

local function marked_ids()
  local ids, seen = {}, {}
  for i = 2, #marks, 2 do
    if not seen[marks[i]] then ids[#ids + 1] = marks[i] end
    seen[marks[i]] = true
  end
  return ids
end

local function is_closed_status(status)
  return string.find(CLOSED_STATUSES, ',' .. status .. ',', 1, true) ~= nil
end

-- What closed a ticket may not be configured any more: one that has been closed stays closed until its status changes.
local function is_closed_ticket(fields)
  return fields.closed_at ~= nil or is_closed_status(fields.status)
end
