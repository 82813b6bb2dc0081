-- Records how an attempt to deliver went, and ends its lease.
--
-- Args: token, outcome ('delivered', 'later', 'again' or 'lost'), delay ms, reason, receiver. No answer.
-- 'again' is a failed attempt that is repeated after the delay, 'later' one that was not made at all, 'lost' the last.
--
-- Interleavings: a caller whose lease has expired finds another token, or none, and changes nothing.

local token, outcome, delay, reason, receiver = unpack(ARGV, 4)

if redis.call('HGET', WEBHOOK, 'token') ~= token then
  return
end
redis.call('HSET', WEBHOOK, 'token', '', 'reason', reason)
if outcome == 'again' or outcome == 'later' then
  redis.call('ZADD', WEBHOOKS, NOW + tonumber(delay), ID)
  if outcome == 'later' then
    redis.call('HINCRBY', WEBHOOK, 'attempts', -1)
  end
  return
end
redis.call('ZREM', WEBHOOKS, ID)
redis.call('HSET', WEBHOOK, 'state', outcome)
if outcome == 'lost' then
  local attempts = redis.call('HGET', WEBHOOK, 'attempts')
  redis.call('XADD', DEAD_DELIVERIES, 'MAXLEN', '~', DEAD_LETTERS, '*',
    'job', ID, 'receiver', receiver, 'reason', reason, 'attempts', attempts, 'at', NOW)
end
