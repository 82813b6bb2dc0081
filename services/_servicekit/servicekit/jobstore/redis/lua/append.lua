-- Adds events to the log of a job that the caller holds the lease on.
--
-- Args: token, newest seq that the caller knows of, count; of each event status, progress, message, step, total steps and
-- preview key. `count` is 1 for the first call under this lease, 2 for the next: a number that is not new is a repeated
-- call.
-- Returns the newest seq, 'cancelled' or 'superseded'.
--
-- Progress never falls: a lower one, as after a takeover, is raised to the last.

local token, known_seq, count = unpack(ARGV, 4, 6)

local state = lease_state(token)
if state ~= 'held' then
  return state == 'cancelled' and 'cancelled' or 'superseded'
end
if tonumber(count) > tonumber(field('appended')) then
  restore_seq(known_seq)
  redis.call('HSET', JOB, 'appended', count)
  for place = 7, #ARGV, 6 do
    local status, progress, message, step, total_steps, preview_key = unpack(ARGV, place, place + 5)
    local last = field('progress')
    write_event(status, tonumber(progress) < tonumber(last) and last or progress, message, step, total_steps, preview_key)
  end
end
return tonumber(field('seq'))
