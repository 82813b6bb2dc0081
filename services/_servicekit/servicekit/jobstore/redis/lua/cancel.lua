-- Cancels a job that has not ended: at once, whoever works on it, and also where that worker is dead or asleep.
--
-- Args: message. Returns 'unknown', or the status that the job has now.
--
-- A worker that still runs it is nudged; the fence keeps it from writing anything more.

local message = unpack(ARGV, 4)

if redis.call('EXISTS', JOB) == 0 then
  return 'unknown'
end
if not ended() then
  end_job('cancelled', message, '', '')
  redis.call('PUBLISH', NUDGE_CHANNEL, ID)
end
return field('status')
