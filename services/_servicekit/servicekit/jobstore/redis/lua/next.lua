-- The job to be taken next: one whose owner has been silent for too long, else the first of those that wait, or nil.
--
-- KEYS: 1 waiting, 2 leases. Changes nothing: whoever takes the job checks again.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local silent = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)
return silent[1] or redis.call('ZRANGE', KEYS[1], 0, 0)[1]
