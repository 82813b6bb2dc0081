-- Ends a job that the caller holds the lease on: result, terminal event and the end of the lease at once.
--
-- Args: token, newest seq that the caller knows of, status, message, result, error. Returns 'ok', or where the job did not
-- end in this way 'cancelled' or 'superseded'.
--
-- Interleavings: a cancel that came before this has ended the job; one that comes after finds an ended job. A worker that
-- was taken over and wakes up late holds an old token. A repeated call is answered like the first.

local token, known_seq, status, message, result, failure = unpack(ARGV, 4)

local state = lease_state(token)
if state == 'released' and field('status') == status then
  return 'ok'
end
if state ~= 'held' then
  return state == 'cancelled' and 'cancelled' or 'superseded'
end
restore_seq(known_seq)
redis.call('HSET', JOB, 'left_by', token)
end_job(status, message, result, failure)
if status == 'completed' then
  redis.call('LPUSH', DURATIONS, math.floor((NOW - field('started_at')) / work_units()))
  redis.call('LTRIM', DURATIONS, 0, RECENT - 1)
end
return 'ok'
