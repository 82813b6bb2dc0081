-- Cancels a job that has not ended, at once: whoever holds its lease, and also where that worker is dead or frozen.
--
-- Args: message. Returns 'unknown', or the status that the job has now.
--
-- A worker that still runs it is woken; the fence keeps it from writing anything more.

local message = unpack(ARGV, 4)

if redis.call('EXISTS', JOB) == 0 then
  return 'unknown'
end
cancel_job(message)
return field('status')
