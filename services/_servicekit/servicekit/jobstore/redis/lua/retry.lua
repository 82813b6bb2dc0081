-- Ends the caller's lease and queues the job again after a delay, or ends the job where it was delivered too often.
--
-- Args: token, newest seq that the caller knows of, delay ms, whether this delivery counts ('1' or '0'), most deliveries,
-- failures. Returns 'ok', 'cancelled' or 'superseded'.
--
-- The deadline for running goes on, so that a job that is retried again and again ends all the same.

local token, known_seq, delay, counts, most, failures = unpack(ARGV, 4)

local state = lease_state(token)
if state ~= 'held' then
  return state == 'released' and 'ok' or state
end
restore_seq(known_seq)
redis.call('HSET', JOB, 'left_by', token)
if counts == '0' then
  redis.call('HINCRBY', JOB, 'deliveries', -1)
end
if counts == '1' and tonumber(field('deliveries')) >= tonumber(most) then
  give_up(failures)
else
  dequeue()
  redis.call('ZADD', DELAYED, NOW + tonumber(delay), ID)
end
return 'ok'
