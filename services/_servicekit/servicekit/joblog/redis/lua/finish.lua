-- Ends a job that the caller owns: result, terminal event and acknowledgement at once.
--
-- Args: token, status, message, result, error. Returns 'ok', or 'superseded' where the job did not end in this way.
--
-- Interleavings: a cancel that was accepted before this wins, since its caller was told so; one that comes after finds an
-- ended job. A second worker, or this one waking up late, is not the owner. A repeated call is answered like the first.

local token, status, message, result, failure = unpack(ARGV, 4)

local stand = standing(token)
if stand == 'left' and field('status') == status then
  return 'ok'
end
if stand ~= 'owner' then
  return 'superseded'
end
redis.call('HSET', JOB, 'left_by', token)
if field('cancel_message') ~= '' and status ~= 'cancelled' then
  end_cancelled()
  return 'superseded'
end
end_job(status, message, result, failure)
if status == 'completed' then
  redis.call('LPUSH', DURATIONS, NOW - field('started_at'))
  redis.call('LTRIM', DURATIONS, 0, RECENT - 1)
end
return 'ok'
