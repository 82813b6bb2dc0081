-- The record and its position in the queue, as they are in the same moment. No args.
--
-- Returns { record …, position } with 1 for the next in line, 0 where it does not wait, or nil where there is no such job.

if redis.call('EXISTS', JOB) == 0 then
  return nil
end
local rank = redis.call('ZRANK', WAITING, ID)
return { redis.call('HGETALL', JOB), rank and rank + 1 or 0 }
