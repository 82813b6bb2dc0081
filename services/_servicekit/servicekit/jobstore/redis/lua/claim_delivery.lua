-- Leases a delivery that is due to the caller.
--
-- Args: token, lease ms. Returns the delivery's fields, or nil where there is nothing (more) to do.
--
-- The lease is nothing but the next due time: where its holder dies, whoever looks next claims the delivery. A repeated
-- call finds its own token. A delivery whose record has expired is dropped from the schedule.

local token, lease = unpack(ARGV, 4)

local due = redis.call('ZSCORE', WEBHOOKS, ID)
if not due then
  return nil
end
if redis.call('EXISTS', WEBHOOK) == 0 then
  redis.call('ZREM', WEBHOOKS, ID)
  return nil
end
if redis.call('HGET', WEBHOOK, 'token') ~= token then
  if tonumber(due) > NOW then
    return nil
  end
  redis.call('ZADD', WEBHOOKS, NOW + tonumber(lease), ID)
  redis.call('HSET', WEBHOOK, 'token', token)
  redis.call('HINCRBY', WEBHOOK, 'attempts', 1)
end
return redis.call('HGETALL', WEBHOOK)
