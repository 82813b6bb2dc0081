-- Ends a job because everything about it is about to be deleted, whoever works on it.
--
-- Args: message. Returns 'unknown' or 'ok'.
--
-- A running job ends here and now: its worker is nudged, finds that it is not the owner any more, and can write nothing
-- more into the log. `purging` tells it that what it has put into the object store is to go as well.

local message = unpack(ARGV, 4)

if redis.call('EXISTS', JOB) == 0 then
  return 'unknown'
end
redis.call('HSET', JOB, 'purging', 1)
if not ended() then
  end_job('cancelled', message, '', '')
  redis.call('PUBLISH', NUDGE_CHANNEL, ID)
end
return 'ok'
