-- Leases to the caller a job that waits or whose lease has expired; ends the job instead where it must not run (again).
--
-- Args: token, lease ms, most deliveries, failures.
-- Returns { now ms, deadline ms, record … } or nil where there is nothing to do.
--
-- Interleavings: the caller may have slept since it peeked. Then somebody else has claimed the job or it has ended:
-- nothing to do. After a crash just behind this script the lease gets no heartbeat, and the job is claimed again when the
-- lease expires. A former lease holder that wakes up now holds an old token.
--
-- Start-time fair queueing (Goyal, Vin, Cheng 1996): the clock moves to the start of the job that is claimed. As in fair
-- queueing by rounds (Demers, Keshav, Shenker 1989) it moves on besides, by one turn shared among all flows that wait, so
-- that those who come for the first time start behind each other.

local token, lease, most, failures = unpack(ARGV, 4)

local function advance_clock()
  local start, turn = tonumber(field('start')), field('cost') * field('tick')
  local shared = math.floor(turn / math.max(1, redis.call('HLEN', BACKLOG)))
  local clock = math.max(start, tonumber(redis.call('GET', CLOCK) or 0) + shared)
  redis.call('SET', CLOCK, clock)
  redis.call('ZADD', SERVED, start + turn, field('flow'))
  for _, ticks in ipairs({ STARTS, SERVED }) do
    redis.call('ZREMRANGEBYSCORE', ticks, '-inf', clock)
  end
end

if field(LEASE_HOLDER) ~= token then -- else a repeated call, whose answer was lost
  local expired = tonumber(redis.call('ZSCORE', LEASES, ID) or math.huge) <= NOW
  if not (expired or redis.call('ZSCORE', WAITING, ID)) then
    return nil
  end
  if redis.call('EXISTS', JOB) == 0 then
    dequeue_orphan()
    return nil
  end
  if overdue() then
    end_overdue(failures)
    return nil
  end
  if tonumber(field('deliveries')) >= tonumber(most) then
    give_up(failures)
    return nil
  end
  if field('started_at') == '' then
    redis.call('HSET', JOB, 'started_at', NOW)
    redis.call('ZADD', DEADLINES, NOW + field('run_ms'), ID)
    advance_clock()
  end
  redis.call('HINCRBY', JOB, 'deliveries', 1)
  redis.call('HSET', JOB, LEASE_HOLDER, token, 'appended', 0)
  stop_waiting()
end
redis.call('ZADD', LEASES, NOW + tonumber(lease), ID)
return { NOW, redis.call('ZSCORE', DEADLINES, ID), redis.call('HGETALL', JOB) }
