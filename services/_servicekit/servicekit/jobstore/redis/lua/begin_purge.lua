-- Ends a job, whoever holds its lease, and marks it: everything about it is about to be deleted.
--
-- Args: message. Returns 'unknown' or 'ok'.
--
-- The worker of a running job is woken, finds its lease gone, and can write nothing more into the event log. `purging`
-- tells it that the objects it has made are to be deleted as well.

local message = unpack(ARGV, 4)

if redis.call('EXISTS', JOB) == 0 then
  return 'unknown'
end
redis.call('HSET', JOB, 'purging', 1)
cancel_job(message)
return 'ok'
