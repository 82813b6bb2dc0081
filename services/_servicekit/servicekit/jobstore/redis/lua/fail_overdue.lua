-- Fails a job whose deadline has passed, whether it waits, runs, or its worker is dead.
--
-- Args: failures. A worker that still runs it is woken; the fence keeps it from writing anything more.

local failures = unpack(ARGV, 4)

if not overdue() then
  return
end
if redis.call('EXISTS', JOB) == 0 then -- can only be if somebody deleted the record
  dequeue_orphan()
elseif not ended() then
  end_overdue(failures)
  redis.call('PUBLISH', WAKEUP_CHANNEL, ID)
end
