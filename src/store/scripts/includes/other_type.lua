-- Whether pcall has failed because another program has made the key what it is not. Any other failure is
-- raised: in a slot of a Cluster that is being moved, a key may be at the other server already.
local function is_other_type(reply)
  if type(reply) ~= 'table' or not reply.err then return false end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then return true end
  error(reply)
end
