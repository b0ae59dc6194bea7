#!lua flags=allow-oom
--[[
  forget: drops what is known of the ids that MySQL holds. Creates ask MySQL again.

  KEYS[1]  tickets:archived

  Output: 1 when something was known, else 0
]]
return redis.call('DEL', KEYS[1])
