-- Makes the caller the owner of a job whose entry it has just read or claimed, or ends what must not run (again).
--
-- Args: token, consumer, entry id, most deliveries, failures.
-- Returns { now ms, deadline ms, record … } or nil where there is nothing to do.
--
-- Interleavings: between reading the entry and this script the caller may have slept. Then another worker has claimed
-- the entry (it is not pending for this consumer), or the job has ended or was queued anew (`entry` is another): nothing
-- to do. A crash just before leaves the entry pending, and it is claimed after the idle limit; a crash just after leaves
-- an owner without a heartbeat, with the same outcome. A former owner that wakes up now holds an old token.

local token, consumer, entry, most, failures = unpack(ARGV, 4)

local pending = redis.call('XPENDING', QUEUE, GROUP, entry, entry, 1)[1]
if not pending or pending[2] ~= consumer then
  return nil
end
if field('entry') ~= entry then -- it has ended, is gone, or waits elsewhere
  redis.call('XACK', QUEUE, GROUP, entry)
  return nil
end
if field('owner') ~= token then -- else a repeated call, whose answer was lost
  if overdue() then
    end_overdue(failures)
    return nil
  end
  if tonumber(field('deliveries')) >= tonumber(most) then
    give_up(failures)
    return nil
  end
  if field('started_at') == '' then
    redis.call('HSET', JOB, 'started_at', NOW)
    redis.call('ZADD', DEADLINES, NOW + field('run_ms'), ID)
  end
  redis.call('HINCRBY', JOB, 'deliveries', 1)
  redis.call('HSET', JOB, 'owner', token, 'appended', 0)
  redis.call('ZREM', WAITING, ID)
end
return { NOW, redis.call('ZSCORE', DEADLINES, ID), redis.call('HGETALL', JOB) }
