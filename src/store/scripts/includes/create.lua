-- What write's operations create and import have in common. Needs archived.

-- Why MySQL must be asked before the ticket is created; nil: it need not.
local function undecided_by(id)
  local number = tonumber(id)
  local at = math.floor(number / ARCHIVED_RANGE)
  if not highest_by_range[at] then
    local range = range_of(id)
    local highest, is_asking = highest_of(archived_key, range)
    if not highest then ask_for(archived_key, range) end
    if not highest or is_asking then return RANGE_UNKNOWN end
    highest_by_range[at] = highest
  end
  return number <= highest_by_range[at] and MAYBE_ARCHIVED or nil
end

local function is_tombstone(key)
  local deleted_at = redis.pcall('HGET', key, 'deleted_at')
  return not is_other_type(deleted_at) and deleted_at
end

-- mark: (id, was closed, is closed) marks the ticket as due.
local function create_marked(mark, key, id, asked, highest, _, set, _, _, as_of)
  if redis.call('EXISTS', key) == 1 then return is_tombstone(key) and DELETED or EXISTS end
  if asked == '' then
    local undecided = undecided_by(id)
    if undecided then return undecided end
  elseif highest ~= '' then
    learn(archived_key, range_of(id), tonumber(highest))
  end
  local status = value_of(set, 'status')
  local is_closed = is_closed_status(status)
  mark(id, false, is_closed)
  -- The caller's created_at and, of an import, updated_at and closed_at, if there are such, come later and so stand.
  -- first_version: what MySQL holds in an older version is not this ticket. It goes when MySQL has the ticket.
  redis.call('HSET', key, 'ticket_id', id, 'version', now, 'first_version', now, 'created_at', now_s, 'updated_at', now_s, unpack(set))
  if is_closed and not value_of(set, 'closed_at') then redis.call('HSET', key, 'closed_at', now_s) end
  set_index(id, false, { status, value_of(set, 'assigned_to') or '0', value_of(set, 'customer_id') })
  if as_of then redis.call('HSET', key, 'replayed', now, 'accepted', as_of) end
  return now
end
