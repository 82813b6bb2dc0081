-- The record, its position in the queue and the work ahead of it, as they are in the same moment. No args.
--
-- Returns { record …, position, units of work } with position 1 for the next in line, 0 where it does not wait, or nil
-- where there is no such job.

if redis.call('EXISTS', JOB) == 0 then
  return nil
end
local rank = redis.call('ZRANK', WAITING, ID)
local ahead = rank and select(3, waiting_work(field('flow'))) or 0
return { redis.call('HGETALL', JOB), rank and rank + 1 or 0, ahead }
