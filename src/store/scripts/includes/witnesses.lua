-- Keeps some of the tickets that MySQL has taken last, 'ID:VERSION ID:VERSION', in tickets:synced: a MySQL that does not hold
-- them any more has lost more than these. Several, because another program may delete a row.
local WITNESSES_MAX = 4
local function keep_witnesses(synced_key, written)
  if #written == 0 then return end
  local before = redis.pcall('HGET', synced_key, 'last')
  if is_other_type(before) then return end
  local kept, known = {}, {}
  local function keep(witness)
    local id = string.match(witness, '^(%d+):%d+$')
    if not id or known[id] or #kept == WITNESSES_MAX then return end
    known[id] = true
    kept[#kept + 1] = witness
  end
  for i = #written, math.max(1, #written - WITNESSES_MAX + 1), -1 do keep(written[i]) end
  for witness in string.gmatch(before or '', '%S+') do keep(witness) end
  redis.call('HSET', synced_key, 'last', table.concat(kept, ' '))
end
