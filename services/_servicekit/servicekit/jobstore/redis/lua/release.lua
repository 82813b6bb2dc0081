-- Gives up a job that the caller owns, to be queued again after a delay; ends it where it must not run again.
--
-- Args: token, delay ms, whether this delivery counts ('1' or '0'), most deliveries, failures. Returns 'ok', 'cancelled'
-- or 'superseded'.
--
-- The deadline for running goes on, so that a job that is released again and again ends all the same.

local token, delay, counts, most, failures = unpack(ARGV, 4)

local stand = standing(token)
if stand ~= 'owner' then
  return stand == 'left' and 'ok' or stand
end
redis.call('HSET', JOB, 'left_by', token)
if counts == '0' then
  redis.call('HINCRBY', JOB, 'deliveries', -1)
end
if counts == '1' and tonumber(field('deliveries')) >= tonumber(most) then
  give_up(failures)
else
  withdraw()
  redis.call('ZADD', DELAYED, NOW + tonumber(delay), ID)
end
return 'ok'
