-- Makes the caller the owner of a job that waits, or whose owner has been silent for too long, or ends what must not run.
--
-- Args: token, lease ms, most deliveries, failures.
-- Returns { now ms, deadline ms, record … } or nil where there is nothing to do.
--
-- Interleavings: between being told of the job and this script the caller may have slept. Then somebody else has taken it
-- or it has ended: nothing to do. A crash just after leaves an owner without a heartbeat, and the job is taken again when
-- the lease is over. A former owner that wakes up now holds an old token.
--
-- Start-time fair queueing (Goyal, Vin, Cheng 1996): the clock moves to the start of the job that is served. As in fair
-- queueing by rounds (Demers, Keshav, Shenker 1989) it moves on besides, by one turn shared among all flows that wait, so
-- that those who come for the first time line up behind each other.

local token, lease, most, failures = unpack(ARGV, 4)

local function serve()
  local start, turn = tonumber(field('start')), field('cost') * field('tick')
  local shared = math.floor(turn / math.max(1, redis.call('HLEN', BACKLOG)))
  local clock = math.max(start, tonumber(redis.call('GET', CLOCK) or 0) + shared)
  redis.call('SET', CLOCK, clock)
  redis.call('ZADD', SERVED, start + turn, field('flow'))
  for _, ticks in ipairs({ STARTS, SERVED }) do
    redis.call('ZREMRANGEBYSCORE', ticks, '-inf', clock)
  end
end

if field('owner') ~= token then -- else a repeated call, whose answer was lost
  local silent = tonumber(redis.call('ZSCORE', LEASES, ID) or math.huge) <= NOW
  if not (silent or redis.call('ZSCORE', WAITING, ID)) then
    return nil
  end
  if redis.call('EXISTS', JOB) == 0 then
    forget()
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
    serve()
  end
  redis.call('HINCRBY', JOB, 'deliveries', 1)
  redis.call('HSET', JOB, 'owner', token, 'appended', 0)
  step_out()
end
redis.call('ZADD', LEASES, NOW + tonumber(lease), ID)
return { NOW, redis.call('ZSCORE', DEADLINES, ID), redis.call('HGETALL', JOB) }
