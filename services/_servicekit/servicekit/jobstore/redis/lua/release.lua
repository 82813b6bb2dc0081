-- Ends the caller's lease now, so that the next worker need not wait until it expires. Args: token. No answer.

local token = unpack(ARGV, 4)

if lease_state(token) == 'held' then
  redis.call('ZADD', LEASES, 0, ID)
  redis.call('PUBLISH', WAKEUP_CHANNEL, '')
end
