-- Whether a ticket was created after this time, ms of Redis's clock. One that MySQL has had does not say any more when that was, save by
-- created_at, which callers may choose. One that was kept in the journal was created when it was accepted there.
local function is_later(fields, up_to)
  if (tonumber(fields.version) or 0) <= up_to then return false end
  local created = fields.accepted or fields.first_version
  if created then return (tonumber(created) or 0) > up_to end
  return (tonumber(fields.created_at) or 0) * 1000 > up_to
end
