-- The job to claim next: one whose lease has expired, else the first of those that wait, or nil.
--
-- KEYS: 1 waiting, 2 leases. Changes nothing: whoever claims the job checks again.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local expired = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)
return expired[1] or redis.call('ZRANGE', KEYS[1], 0, 0)[1]
