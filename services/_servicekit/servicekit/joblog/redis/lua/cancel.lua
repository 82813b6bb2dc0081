-- Cancels a job: at once where nobody works on it, else by a flag that its owner is nudged to look at.
--
-- Args: message. Returns 'unknown', or the status that the job has now.
--
-- The flag (`cancel_message`) is durable, and take, append, finish and release all obey it: a job that was asked to end
-- ends as cancelled, also when the nudge is lost or its worker dies. An entry that is read but not yet taken is
-- acknowledged here, and the take finds nothing.

local message = unpack(ARGV, 4)

if redis.call('EXISTS', JOB) == 0 then
  return 'unknown'
end
if not ended() then
  redis.call('HSETNX', JOB, 'cancel_message', message)
  if field('owner') == '' then
    end_cancelled()
  else
    redis.call('PUBLISH', NUDGE_CHANNEL, ID)
  end
end
return field('status')
