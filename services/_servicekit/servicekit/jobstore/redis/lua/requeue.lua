-- Puts a job whose delay is over back into `waiting`, at the turn that it had before. No args, no answer.
--
-- Every process that does the upkeep sees the same due jobs; the first one moves a job, the others find it gone.

local due = redis.call('ZSCORE', DELAYED, ID)
if due and tonumber(due) <= NOW then
  redis.call('ZREM', DELAYED, ID)
  if redis.call('EXISTS', JOB) == 1 then
    enqueue()
  end
end
