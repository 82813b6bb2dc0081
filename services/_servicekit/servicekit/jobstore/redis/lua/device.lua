-- Moves the deadline of a job that the caller holds the lease on: it begins to wait for its device, or the device has
-- taken it.
--
-- Args: token, 'waiting' or 'running'. Returns { now ms, deadline ms, phase }, 'cancelled' or
-- 'superseded'.
--
-- While a job waits it may use up what is left of its time for waiting, and the time for running that it got when it was
-- claimed; once the device has taken it, it has all of its time for running again. Each happens once under a delivery, so
-- a job ends by itself however often it is retried. A repeated call changes nothing, nor does one in another order.

local token, phase = unpack(ARGV, 4)

local state = lease_state(token)
if state ~= 'held' then
  return state == 'cancelled' and 'cancelled' or 'superseded'
end
local delivery, run = field('deliveries'), tonumber(field('run_ms'))
local known_phase, known_delivery = string.match(field('clock'), '^(%a+):(.*)$')
if phase == 'waiting' and known_delivery ~= delivery then
  local latest = tonumber(field('created_at')) + (tonumber(field('wait_ms')) or 0) + run
  redis.call('HSET', JOB, 'clock', phase .. ':' .. delivery)
  redis.call('ZADD', DEADLINES, 'GT', latest, ID)
elseif phase == 'running' and known_phase == 'waiting' and known_delivery == delivery then
  redis.call('HSET', JOB, 'clock', phase .. ':' .. delivery)
  redis.call('ZADD', DEADLINES, NOW + run, ID)
end
return { NOW, redis.call('ZSCORE', DEADLINES, ID), string.match(field('clock'), '^%a+') or '' }
