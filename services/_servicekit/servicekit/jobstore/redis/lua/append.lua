-- Adds an event to the log of a job that the caller owns.
--
-- Args: token, count, status, progress, message, step, total steps, preview key. `count` is 1 for the first append of
-- this owner, 2 for the next: one that is not new is a repeated call. Returns 'ok', 'cancelled' or 'superseded'.
--
-- Progress is raised to the last one where it is lower, as it is when a job is taken up again.

local token, count, status, progress, message, step, total_steps, preview_key = unpack(ARGV, 4)

local stand = standing(token)
if stand ~= 'owner' then
  return stand == 'cancelled' and 'cancelled' or 'superseded'
end
if tonumber(count) > tonumber(field('appended')) then
  redis.call('HSET', JOB, 'appended', count)
  local last = field('progress')
  write_event(status, tonumber(progress) < tonumber(last) and last or progress, message, step, total_steps, preview_key)
end
return 'ok'
