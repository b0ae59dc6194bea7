-- CUSTOM_FIELDS_MAX, how many a ticket has at most.
-- @custom

local DOT = 46
-- The dot is looked for first: nearly all names have none there, and a part of a text is a new text.
local function is_custom(name) return string.byte(name, 14) == DOT and string.sub(name, 1, 14) == 'custom_fields.' end
