-- Ends a job that the caller owns: result, terminal event and the end of its lease at once.
--
-- Args: token, status, message, result, error. Returns 'ok', or where the job did not end in this way 'cancelled' or
-- 'superseded'.
--
-- Interleavings: a cancel that came before this has ended the job; one that comes after finds an ended job. A second
-- worker, or this one waking up late, is not the owner. A repeated call is answered like the first.

local token, status, message, result, failure = unpack(ARGV, 4)

local stand = standing(token)
if stand == 'left' and field('status') == status then
  return 'ok'
end
if stand ~= 'owner' then
  return stand == 'cancelled' and 'cancelled' or 'superseded'
end
redis.call('HSET', JOB, 'left_by', token)
end_job(status, message, result, failure)
if status == 'completed' then
  redis.call('LPUSH', DURATIONS, NOW - field('started_at'))
  redis.call('LTRIM', DURATIONS, 0, RECENT - 1)
end
return 'ok'
