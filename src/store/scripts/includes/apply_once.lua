-- What would be no other if the operation came again. The rest is for somebody else to decide or to repair.
local FINAL = { [EXISTS] = true, [MISSING] = true, [VERSION_CONFLICT] = true, [TOO_MANY_CUSTOM_FIELDS] = true, [OUTDATED] = true, [DELETED] = true }
local function is_final(result) return type(result) ~= 'number' or FINAL[result] end

-- Characters of a result as JSON. Only a ticket is longer, and of such a one its version is kept.
local RESULT_MAX = 2048

-- The result, what the ticket had before, and the id, by which an erasure finds it: a version alone says nothing of its ticket. An
-- older version of the service reads the first member alone.
local function to_kept(result, id)
  if type(result) == 'string' then return cjson.encode({ string.match(result, '^%d+'), string.match(result, ',(.*)') or '', id }) end
  local json = cjson.encode({ result, '', id })
  if #json <= RESULT_MAX then return json end
  return cjson.encode({ value_of(result, 'version'), '', id })
end

-- What was kept, for a caller who repeats the operation: the ticket as it is now where its version alone was kept; and
-- why it cannot be told yet.
local function to_replay(kept, kind, id, asked, _, _, _, _, answer)
  local result, before = unpack(cjson.decode(kept))
  if kind ~= 'update' or answer ~= 'ticket' or type(result) ~= 'string' then
    return before and before ~= '' and result .. ',' .. before or result
  end
  local fields, failure = read(ticket_prefix .. id, id, still_asked(id, asked))
  if fields then return to_flat(fields) end
  if is_final(failure) then return failure end
  return nil, failure
end

-- A hash: one result for each operation of the request, and the fingerprint for all of them.
local function apply_once(idempotency_key, fingerprint, index, ...)
  local key = idempotency_prefix .. idempotency_key
  local known = redis.pcall('HMGET', key, 'fingerprint', index)
  if is_other_type(known) or known[1] and known[1] ~= fingerprint then return IDEMPOTENCY_MISMATCH end
  local result
  if known[2] then
    local replay, failure = to_replay(known[2], ...)
    if failure then return failure end
    result = { REPLAYED, replay }
    -- What another program has put there, and cannot be answered, fails here and not for all operations of the call.
    cjson.encode({ result })
  else
    result = apply(...)
    if not is_final(result) then return result end
    redis.call('HSET', key, 'fingerprint', fingerprint, index, to_kept(result, (select(2, ...))))
  end
  redis.call('EXPIRE', key, IDEMPOTENCY_SECONDS)
  return result
end
