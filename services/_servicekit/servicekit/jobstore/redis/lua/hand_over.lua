-- Leaves a job to whoever takes it next, at once rather than when the lease is over. Args: token. No answer.

local token = unpack(ARGV, 4)

if standing(token) == 'owner' then
  redis.call('ZADD', LEASES, 0, ID)
  redis.call('PUBLISH', NUDGE_CHANNEL, '')
end
