-- What another program has put among the ids is none.
local function is_id(text)
  return #text <= 16 and string.find(text, '^[1-9]%d*$') and (#text < 16 or tonumber(text) <= 9007199254740991)
end
