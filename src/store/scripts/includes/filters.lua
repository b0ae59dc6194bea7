-- What `asked` asks of a ticket's fields: a list of { name, is_right }, where is_right tells whether a value, nil for none, is one that is asked for.
local FILTERS = {}

local function add_filter(name, is_right) FILTERS[#FILTERS + 1] = { name = name, is_right = is_right } end

-- The values of one filter, as a set; nil: any.
local function one_of(name, none)
  if not asked[name] then return nil end
  local set = {}
  for _, value in ipairs(asked[name]) do set[value] = true end
  add_filter(name, function(value) return set[value or none] end)
  return set
end

local statuses = one_of('status', '')
one_of('assigned_to', '0')
if asked.customer_id then add_filter('customer_id', function(value) return value == asked.customer_id end) end
one_of('category', '')
one_of('priority', '')
for _, name in ipairs({ 'created', 'updated' }) do
  local since, until_ = asked[name .. '_since'], asked[name .. '_until']
  if since or until_ then
    add_filter(name .. '_at', function(text)
      local value = tonumber(text)
      return value and (not since or value >= since) and (not until_ or value <= until_)
    end)
  end
end
