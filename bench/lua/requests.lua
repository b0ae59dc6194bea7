--[[
  Sends requests made from templates, in turn, and says as JSON what became of them. For wrk with one thread.

  args[1]  file of the templates, each a whole HTTP request, with a NUL between two. In them stands for an id
             {new}    one that no other request has
             {known}  the next of those that are there
             {same}   the one before it, again
           All ids have the same number of digits, so that the template's Content-Length is right.
  args[2]  statuses that are expected, ',201,202,'; any other is an unexpected answer. '': only errors are counted, by wrk
           itself: looking at every answer would cost the load as much again as a sixth of its work
  args[3]  the first new id
  args[4]  the first known id
  args[5]  how many ids are known; they are used again and again
  args[6]  mean of the pauses before requests, in ms, which are exponentially distributed; 0: none
]]
local threads = {}
local templates, next_template = {}, 0
local first_known, known_count, known_index
local last_id
local expected

-- What done reads of each thread.
unexpected, first_unexpected = 0, ''
new_id = 0

local function read_templates(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  for template in (text .. '\0'):gmatch('(.-)%z') do
    local parts = {}
    local position = 1
    for before, kind, after in template:gmatch('(.-){(%l+)}()') do
      parts[#parts + 1] = before
      parts[#parts + 1] = kind
      position = after
    end
    parts[#parts + 1] = template:sub(position)
    templates[#templates + 1] = parts
  end
end

-- Integers beyond 2^31 in full.
local function take_id(kind)
  if kind == 'new' then
    new_id = new_id + 1
    last_id = new_id
  elseif kind == 'known' then
    known_index = (known_index + 1) % known_count
    last_id = first_known + known_index
  end
  return string.format('%.0f', last_id)
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  read_templates(args[1])
  expected = args[2]
  if expected == '' then response = nil end
  new_id, first_known, known_count = tonumber(args[3]) - 1, tonumber(args[4]), tonumber(args[5])
  -- Not always the same first ones, however short a slice is.
  math.randomseed(new_id)
  known_index = known_count > 0 and math.random(known_count) or 0
  local mean_ms = tonumber(args[6])
  if mean_ms > 0 then
    -- Whole ms are all that wrk takes: rounded so that the mean stays.
    function delay() return math.floor(-mean_ms * math.log(1 - math.random()) + math.random()) end
  end
end

function request()
  next_template = next_template % #templates + 1
  local template = templates[next_template]
  -- The usual case, at half the cost.
  if #template == 3 then return template[1] .. take_id(template[2]) .. template[3] end
  local filled = {}
  for i = 1, #template, 2 do
    filled[i] = template[i]
    if template[i + 1] then filled[i + 1] = take_id(template[i + 1]) end
  end
  return table.concat(filled)
end

function response(status, _, body)
  if not string.find(expected, ',' .. status .. ',', 1, true) then
    unexpected = unexpected + 1
    if first_unexpected == '' then first_unexpected = status .. ' ' .. body:sub(1, 400) end
  end
end

local function quote(text)
  return '"' .. text:gsub('[%c"\\\128-\255]', function(character) return string.format('\\u%04x', character:byte()) end) .. '"'
end

function done(summary, latency)
  local bad, first, last = 0, '', 0
  for _, thread in ipairs(threads) do
    bad = bad + thread:get('unexpected')
    last = math.max(last, thread:get('new_id'))
    if first == '' then first = thread:get('first_unexpected') end
  end
  local errors = summary.errors
  bad = math.max(bad, errors.status)
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"unexpected":%d,"first_unexpected":%s,"socket_errors":%d,"last_new_id":%.0f}',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    bad, quote(first), errors.connect + errors.read + errors.write + errors.timeout, last))
end
