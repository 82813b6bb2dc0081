-- Ends a job whose deadline has passed, whether it waits, runs, or belongs to a worker that is gone.
--
-- Args: failures. A worker that still runs it is nudged; the fence keeps it from writing anything more. A job that was
-- asked to end is cancelled, not failed: its owner was told so.

local failures = unpack(ARGV, 4)

if not overdue() then
  return
end
if redis.call('EXISTS', JOB) == 0 then -- can only be if somebody deleted the record
  redis.call('ZREM', DEADLINES, ID)
  redis.call('ZREM', WAITING, ID)
  redis.call('ZREM', DELAYED, ID)
elseif not ended() then
  if field('cancel_message') ~= '' then
    end_cancelled()
  else
    end_overdue(failures)
  end
  redis.call('PUBLISH', NUDGE_CHANNEL, ID)
end
