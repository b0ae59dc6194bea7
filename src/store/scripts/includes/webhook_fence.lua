-- Whether an instance still is the one that delivers: each that takes over has a higher token, so that what one that was thought
-- dead does later has no effect. Needs state_key.
local function is_fenced(token)
  return redis.call('HGET', state_key, 'token') ~= token
end
