-- write's operation delete.
local function delete(key, id, asked, _, versions, _, _, _, as_of)
  local fields, failure = read(key, id, asked)
  if not fields then return failure end
  if versions ~= '' and not string.find(versions, ',' .. fields.version .. ',', 1, true) then return VERSION_CONFLICT end
  if as_of and fields.version ~= fields.replayed and tonumber(fields.version) > tonumber(as_of) then return OUTDATED end

  return bury(key, id, fields)
end
