-- What is known of the ids that MySQL holds: the hash tickets:archived has for each range of ids the highest of them.
-- '?N': a range is being asked for, and MySQL holds at least N by now. No field: unknown.
-- With fields for every range, ids that are far apart from each other would fill the memory: then all is asked for anew.
local RANGES_MAX = 10000
-- @range

local function range_of(id) return string.format('%.0f', math.floor(tonumber(id) / ARCHIVED_RANGE)) end

-- The highest id of the range, and whether the range is being asked for; nil: unknown.
local function highest_of(archived_key, range)
  local text = redis.pcall('HGET', archived_key, range)
  if is_other_type(text) or not text then return nil end
  local asking, highest = string.match(text, '^(%??)(%d+)$')
  return tonumber(highest), asking == '?'
end

-- Notes that an unknown range is being asked for. What is acknowledged meanwhile is noted, too.
local function ask_for(archived_key, range)
  local length = redis.pcall('HLEN', archived_key)
  if is_other_type(length) or length >= RANGES_MAX then redis.call('DEL', archived_key) end
  redis.call('HSET', archived_key, range, '?0')
end

-- MySQL holds the id, which may be higher than what is known of its range. Unknown stays unknown: what else MySQL holds
-- would pass for free ids.
local function raise(archived_key, range, id)
  local highest, is_asking = highest_of(archived_key, range)
  if highest and id > highest then redis.call('HSET', archived_key, range, (is_asking and '?' or '') .. string.format('%.0f', id)) end
end

-- MySQL has answered what the highest id of the range is. A range that is not being asked for any more was forgotten.
local function learn(archived_key, range, answered)
  local highest, is_asking = highest_of(archived_key, range)
  if is_asking then redis.call('HSET', archived_key, range, string.format('%.0f', math.max(highest, answered))) end
end
