-- write's operation restore. Needs unknown_fields.

-- Reads leave the rest of maxmemory to writes, which a full Redis refuses.
local READS_SHARE = 0.8
local is_kept_for_writes
local function is_memory_kept_for_writes()
  if is_kept_for_writes == nil then
    local info = redis.call('INFO', 'memory')
    local used, max = string.match(info, 'used_memory:(%d+)'), string.match(info, 'maxmemory:(%d+)')
    is_kept_for_writes = used ~= nil and max ~= nil and tonumber(max) > 0 and tonumber(used) > tonumber(max) * READS_SHARE
  end
  return is_kept_for_writes
end

local function restore(key, _, asked, _, _, set, _, seconds)
  local flat = redis.pcall('HGETALL', key)
  if is_other_type(flat) then return CORRUPT end
  if #flat > 0 then return flat end
  if asked == '' then return MAYBE_ARCHIVED end
  if next(unknown_fields(fields_key, KNOWN_FIELDS)) then return NEWER_FIELDS end
  if seconds ~= '' and is_memory_kept_for_writes() then return set end
  hset(key, set)
  redis.call('EXPIRE', key, tonumber(seconds) or RETENTION_SECONDS)
  return set
end
