-- What every script about one job begins with: this file is put in front of each of them.
--
-- KEYS, all in one hash slot, the same for every script:
--   1 job        hash     the record
--   2 events     stream   the event log; ids `seq-0`, one field `event` (JSON)
--   3 waiting    zset     job → turn: jobs that no worker has claimed, the next one first
--   4 leases     zset     job → ms: jobs that a worker holds a lease on, and when the lease expires
--   5 delayed    zset     job → ms: jobs to be retried, and when they go back to `waiting`
--   6 deadlines  zset     job → ms: every job that has not ended, and when it fails
--   7 durations  list     ms from first claim to completion of recent jobs, for each unit of work, newest first
--   8 dead       stream   dead letters: jobs that were delivered too often, for operators
--   9 clock      counter  virtual time of fair queueing, in ticks
--  10 webhook    hash     the delivery to the tenant's receiver and its state; made when the job ends
--  11 webhooks   zset     job → ms: deliveries that are not done, and when the next attempt is due. A job's delivery that
--                         tells that it was accepted is there as `job#accepted`, and so is the name of its hash.
--  12 lost       stream   dead letters: deliveries that were given up, for operators
--  13 backlog    hash     flow → number of its jobs in `waiting`; a flow is a tenant and a priority
--  14 starts     zset     flow → tick: where its next job starts at the earliest, unless that lies behind the clock
--  15 served     zset     flow → tick: where the last of its claimed jobs ends, unless that lies behind the clock
--  16 tally      hash     `status:reason` → how many jobs have ended so, ever since
--  17 looks      zset     job → turn: jobs that have not ended and wait for a first look at what will come of them
--  18 heavy      zset     `flow job` → work: jobs in `waiting` that are more than a unit of work
-- ARGV: 1 job id, 2 channel of events, 3 channel of wake-ups, 4 … the script's own.
-- A wake-up is the id of a job that its lease holder should look at, or empty where a job waits to be claimed.
--
-- Processes of two releases run side by side while one replaces the other. Keys, hash fields, channels and values are
-- therefore never renamed, even where this text has a better word: `owner`, `tally`, `lost`.
--
-- Each script is atomic, so these hold between any two commands, whoever crashes:
--   * A job that has not ended is in `deadlines`; one that has is in none of the sets, and nobody holds a lease on it.
--   * A job that has not ended is in exactly one of `waiting`, `leases` and `delayed`; in `leases`, it has a holder.
--   * `backlog` counts `waiting` by flow, without zeros.
--   * What is in `heavy` and not in `waiting` counts for nothing, and what is in `waiting` alone is a unit of work: so it
--     was for releases that knew no `heavy`, and may move jobs without it.
--   * A first look is the job's first picture or none at all (`show`); it is the one event that needs no lease.
--   * Only the lease holder, whose token was made for this one claim, may append, finish or retry. `left_by` is the
--     token that last did finish or retry, so that a call repeated after a lost answer changes nothing.
--   * A job with a `webhook_url` has a `webhook` once it has ended, not before: the ending schedules the delivery, where
--     `webhook_events` (words separated by commas; '' for all endings) names it.
--   * `seq` is the id of the newest event; the terminal event is written together with the ending, and nothing after.
-- Time is the server's alone, so that clocks of workers do not matter.

local JOB, EVENTS, WAITING, LEASES, DELAYED, DEADLINES, DURATIONS, DEAD_JOBS, CLOCK = unpack(KEYS, 1, 9)
local WEBHOOK, WEBHOOKS, DEAD_DELIVERIES, BACKLOG, STARTS, SERVED, ENDED_COUNTS, LOOKS, HEAVY = unpack(KEYS, 10, 18)
local ID, EVENT_CHANNEL, WAKEUP_CHANNEL = unpack(ARGV, 1, 3)
local LEASE_HOLDER = 'owner' -- the field's stored name, which must stay
local ENDINGS = { completed = true, failed = true, cancelled = true }
local RECENT = 50
local DEAD_LETTERS = 1000
local KINDS_OF_ENDING = 200

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

-- A field of the record; '' where it is not set.
local function field(name)
  return redis.call('HGET', JOB, name) or ''
end

local function ended()
  return ENDINGS[field('status')] or false
end

local function overdue()
  return tonumber(redis.call('ZSCORE', DEADLINES, ID) or NOW) <= NOW
end

-- What has become of the lease with this token: 'held', 'released' (by its holder), 'cancelled' (the job is) or
-- 'superseded'.
local function lease_state(token)
  if field(LEASE_HOLDER) == token then
    return 'held'
  end
  if field('left_by') == token then
    return 'released'
  end
  return field('status') == 'cancelled' and 'cancelled' or 'superseded'
end

local function write_event(status, progress, message, step, total_steps, preview_key)
  local seq = redis.call('HINCRBY', JOB, 'seq', 1)
  redis.call('HSET', JOB, 'status', status, 'progress', progress, 'message', message)
  if preview_key ~= '' then
    redis.call('HSET', JOB, 'preview_key', preview_key)
  end
  local event = {
    job_id = ID,
    seq = seq,
    status = status,
    progress = tonumber(progress),
    message = message,
    timestamp = NOW / 1000,
    step = tonumber(step),
    total_steps = tonumber(total_steps),
    preview_key = preview_key,
    traceparent = ENDINGS[status] and field('traceparent') or nil,
  }
  local text = cjson.encode(event)
  redis.call('XADD', EVENTS, seq .. '-0', 'event', text)
  redis.call('PUBLISH', EVENT_CHANNEL, text)
end

-- After a failover the newest events may be missing that the lease holder has appended and watchers have seen. Their
-- numbers are used up: what is known now is written in their place, so that what follows is new to everybody.
local function restore_seq(known)
  while tonumber(field('seq')) < tonumber(known) do
    write_event(field('status'), field('progress'), field('message'), '0', '0', '')
  end
end

-- The job's work in units; one where it was not said.
local function work_units()
  return math.max(1, tonumber(field('work')) or 1)
end

local function in_heavy(flow, id)
  return flow .. ' ' .. id
end

-- Units of work in `waiting`: all of it, that of one flow, and that ahead of the job where it waits itself. Takes out of
-- `heavy` what another release has moved.
local function waiting_work(flow)
  local turn, rank = redis.call('ZSCORE', WAITING, ID), redis.call('ZRANK', WAITING, ID)
  local all = redis.call('ZCARD', WAITING)
  local own, ahead = tonumber(redis.call('HGET', BACKLOG, flow) or 0), rank or 0
  local heavy = redis.call('ZRANGE', HEAVY, 0, -1, 'WITHSCORES')
  for index = 1, #heavy, 2 do
    local other, id = string.match(heavy[index], '^(%S+) (%S+)$')
    local place = id and redis.call('ZSCORE', WAITING, id)
    if not place then
      redis.call('ZREM', HEAVY, heavy[index])
    else
      local more = heavy[index + 1] - 1
      all = all + more
      own = own + (other == flow and more or 0)
      if turn and (tonumber(place) < tonumber(turn) or (place == turn and id < ID)) then
        ahead = ahead + more
      end
    end
  end
  return all, own, ahead
end

-- Puts the job into `waiting`, at its turn, and wakes idle workers.
local function enqueue()
  redis.call('ZADD', WAITING, field('turn'), ID)
  if work_units() > 1 then
    redis.call('ZADD', HEAVY, work_units(), in_heavy(field('flow'), ID))
  end
  redis.call('HINCRBY', BACKLOG, field('flow'), 1)
  redis.call('HSET', JOB, 'queued_at', NOW)
  redis.call('PUBLISH', WAKEUP_CHANNEL, '')
end

-- Takes the job out of `waiting`; whether it was there.
local function stop_waiting()
  redis.call('ZREM', HEAVY, in_heavy(field('flow'), ID))
  if redis.call('ZREM', WAITING, ID) == 0 then
    return false
  end
  if redis.call('HINCRBY', BACKLOG, field('flow'), -1) <= 0 then
    redis.call('HDEL', BACKLOG, field('flow'))
  end
  return true
end

-- Takes the job out of the queue, wherever it is in it. A flow without a waiting job pays for its claimed jobs alone.
local function dequeue()
  if stop_waiting() and redis.call('HEXISTS', BACKLOG, field('flow')) == 0 then
    redis.call('ZADD', STARTS, redis.call('ZSCORE', SERVED, field('flow')) or 0, field('flow'))
  end
  redis.call('ZREM', LEASES, ID)
  redis.call('ZREM', DELAYED, ID)
  redis.call('HSET', JOB, LEASE_HOLDER, '')
end

-- Takes the id of a record that somebody has deleted out of every set.
local function dequeue_orphan()
  for _, set in ipairs({ WAITING, LEASES, DELAYED, DEADLINES, LOOKS }) do
    redis.call('ZREM', set, ID)
  end
end

-- Whether the tenant's receiver wants to be told of an event: an ending, or 'accepted'.
local function is_told(event)
  local wanted = field('webhook_events')
  if field('webhook_url') == '' then
    return false
  end
  return wanted == '' and ENDINGS[event] or string.find(',' .. wanted .. ',', ',' .. event .. ',', 1, true) ~= nil
end

-- Schedules a delivery to the tenant's receiver, by the name of its hash. It is kept no longer than the job.
local function schedule_webhook(hash, name, status, message, failure)
  redis.call('HSET', hash, 'url', field('webhook_url'), 'tenant', field('tenant'), 'status', status, 'message', message,
    'error', failure, 'created_at', field('created_at'), 'ended_at', NOW, 'state', 'pending', 'attempts', 0)
  redis.call('HSET', hash, 'traceparent', field('traceparent'))
  redis.call('PEXPIREAT', hash, field('expires_at'))
  redis.call('ZADD', WEBHOOKS, NOW, name)
end

-- Counts an ending by the failure's code. There are few codes; should there be many, the hash stays short all the same.
local function count_ending(status, failure)
  local known, error = pcall(cjson.decode, failure)
  local kind = status .. ':' .. (known and type(error) == 'table' and error.code or '')
  if redis.call('HEXISTS', ENDED_COUNTS, kind) == 0 and redis.call('HLEN', ENDED_COUNTS) >= KINDS_OF_ENDING then
    kind = status .. ':OTHER'
  end
  redis.call('HINCRBY', ENDED_COUNTS, kind, 1)
end

-- The one place where a job ends.
local function end_job(status, message, result, failure)
  dequeue()
  redis.call('ZREM', DEADLINES, ID)
  redis.call('ZREM', LOOKS, ID)
  redis.call('HSET', JOB, 'result', result, 'error', failure, 'ended_at', NOW)
  write_event(status, status == 'completed' and '1' or field('progress'), message, '0', '0', '')
  if is_told(status) then
    schedule_webhook(WEBHOOK, ID, status, message, failure)
  end
  count_ending(status, failure)
end

-- Ends the job, unless it has ended, and tells its lease holder.
local function cancel_job(message)
  if not ended() then
    end_job('cancelled', message, '', '')
    redis.call('PUBLISH', WAKEUP_CHANNEL, ID)
  end
end

-- Ends the job with one of the failures that the caller passed as JSON: name → { message, error }.
local function end_failed(failures, name)
  local failure = cjson.decode(failures)[name]
  end_job('failed', failure.message, '', failure.error)
end

-- `clock` is 'waiting:' or 'running:' and the delivery: whether its device has taken the job (`device`).
local function end_overdue(failures)
  local waits = field('started_at') == '' or string.sub(field('clock'), 1, 8) == 'waiting:'
  end_failed(failures, waits and 'waited_too_long' or 'ran_too_long')
end

-- Ends a job that was delivered too often, with a dead letter.
local function give_up(failures)
  local deliveries = field('deliveries')
  redis.call('XADD', DEAD_JOBS, 'MAXLEN', '~', DEAD_LETTERS, '*', 'job', ID, 'deliveries', deliveries, 'at', NOW)
  end_failed(failures, 'gave_up')
end
