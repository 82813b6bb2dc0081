-- Ends a job whose deadline has passed, whether it waits, runs, or belongs to a worker that is gone.
--
-- Args: failures. A worker that still runs it is nudged; the fence keeps it from writing anything more.

local failures = unpack(ARGV, 4)

if not overdue() then
  return
end
if redis.call('EXISTS', JOB) == 0 then -- can only be if somebody deleted the record
  forget()
elseif not ended() then
  end_overdue(failures)
  redis.call('PUBLISH', NUDGE_CHANNEL, ID)
end
