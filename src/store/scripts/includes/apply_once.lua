-- What would be no other if the operation came again. The rest is for somebody else to decide or to repair.
local FINAL = { [EXISTS] = true, [MISSING] = true, [VERSION_CONFLICT] = true, [TOO_MANY_CUSTOM_FIELDS] = true, [OUTDATED] = true }
local function is_final(result) return type(result) ~= 'number' or FINAL[result] end

-- A hash: one result for each operation of the request, and the fingerprint for all of them.
local function apply_once(idempotency_key, fingerprint, index, ...)
  local key = idempotency_prefix .. idempotency_key
  local known = redis.pcall('HMGET', key, 'fingerprint', index)
  if is_other_type(known) or known[1] and known[1] ~= fingerprint then return IDEMPOTENCY_MISMATCH end
  local result
  if known[2] then
    result = { REPLAYED, cjson.decode(known[2])[1] }
    -- What another program has put there, and cannot be answered, fails here and not for all operations of the call.
    cjson.encode({ result })
  else
    result = apply(...)
    if not is_final(result) then return result end
    redis.call('HSET', key, 'fingerprint', fingerprint, index, cjson.encode({ result }))
  end
  redis.call('EXPIRE', key, idempotency_seconds)
  return result
end
