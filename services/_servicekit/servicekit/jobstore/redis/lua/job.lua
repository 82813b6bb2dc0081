-- What every script about one job begins with: this file is put in front of each of them.
--
-- KEYS, all in one hash slot, the same for every script:
--   1 job        hash     the record
--   2 events     stream   the log; ids `seq-0`, one field `event` (JSON)
--   3 waiting    zset     job → turn: jobs that no worker has taken, the next one first
--   4 leases     zset     job → ms: jobs that a worker has taken, and until when it need not be heard of
--   5 delayed    zset     job → ms: jobs to wait again, and from when on
--   6 deadlines  zset     job → ms: every job that has not ended, and when it fails
--   7 durations  list     ms from first take to completion of recent jobs, newest first
--   8 dead       stream   jobs that were given up, for operators
--   9 clock      counter  the round that is served now, in ticks
--  10 webhook    hash     what is to be delivered to the job's owner, and how far that is; made when the job ends
--  11 webhooks   zset     job → ms: deliveries that are not done, and when the next attempt is due
--  12 lost       stream   deliveries that were given up, for operators
--  13 backlog    hash     flow → number of its jobs in `waiting`; a flow is a tenant and an urgency
--  14 starts     zset     flow → tick: where its next job starts at the earliest, ones that lie behind the clock left out
--  15 served     zset     flow → tick: where the last of its jobs that was served has ended, likewise
--  16 tally      hash     `status:reason` → how many jobs have ended so, ever since
-- ARGV: 1 job id, 2 channel of events, 3 channel of nudges, 4 … the script's own.
-- A nudge is the id of a job whose owner should look at it, or empty where a job waits to be taken.
--
-- Each script is atomic, so these hold between any two commands, whoever crashes:
--   * A job without an ending is in `deadlines`; a job with one is in none of the sets and has no owner.
--   * A job without an ending is in exactly one of `waiting`, `leases` and `delayed`; with `leases`, it has an owner.
--   * `backlog` counts `waiting` by flow, without zeros.
--   * Only the holder of `owner`, a token made anew for each take, may append, finish or release. `left_by` is the
--     token that last did finish or release, so that a call repeated after a lost answer changes nothing.
--   * A job with a `webhook_url` has a `webhook` from its ending on, not before: whoever ends it schedules the delivery.
--   * `seq` is the id of the newest event; the terminal event is written together with the ending, and nothing after.
-- Time is the server's alone, so that clocks of workers do not matter.

local JOB, EVENTS, WAITING, LEASES, DELAYED, DEADLINES, DURATIONS, DEAD, CLOCK = unpack(KEYS, 1, 9)
local WEBHOOK, WEBHOOKS, LOST, BACKLOG, STARTS, SERVED, TALLY = unpack(KEYS, 10, 16)
local ID, EVENT_CHANNEL, NUDGE_CHANNEL = unpack(ARGV, 1, 3)
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

-- How the holder of a token stands: 'owner', 'left' (by its own act), 'cancelled' (the job is), or 'superseded'.
local function standing(token)
  if field('owner') == token then
    return 'owner'
  end
  if field('left_by') == token then
    return 'left'
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

-- Puts the job among those that wait, at its turn, and tells idle workers.
local function line_up()
  redis.call('ZADD', WAITING, field('turn'), ID)
  redis.call('HINCRBY', BACKLOG, field('flow'), 1)
  redis.call('HSET', JOB, 'queued_at', NOW)
  redis.call('PUBLISH', NUDGE_CHANNEL, '')
end

-- Takes the job out of those that wait; whether it was there.
local function step_out()
  if redis.call('ZREM', WAITING, ID) == 0 then
    return false
  end
  if redis.call('HINCRBY', BACKLOG, field('flow'), -1) <= 0 then
    redis.call('HDEL', BACKLOG, field('flow'))
  end
  return true
end

-- Takes the job out of wherever it is. A flow that has nothing waiting any more is charged for what was served alone.
local function withdraw()
  if step_out() and redis.call('HEXISTS', BACKLOG, field('flow')) == 0 then
    redis.call('ZADD', STARTS, redis.call('ZSCORE', SERVED, field('flow')) or 0, field('flow'))
  end
  redis.call('ZREM', LEASES, ID)
  redis.call('ZREM', DELAYED, ID)
  redis.call('HSET', JOB, 'owner', '')
end

-- Takes the id of a record that somebody has deleted out of everything.
local function forget()
  for _, places in ipairs({ WAITING, LEASES, DELAYED, DEADLINES }) do
    redis.call('ZREM', places, ID)
  end
end

-- Puts what the owner wants to be told into the schedule of deliveries. It is kept no longer than the job.
local function schedule_webhook(status, message, failure)
  local url = field('webhook_url')
  if url ~= '' then
    redis.call('HSET', WEBHOOK, 'url', url, 'tenant', field('tenant'), 'status', status, 'message', message,
      'error', failure, 'created_at', field('created_at'), 'ended_at', NOW, 'state', 'pending', 'attempts', 0)
    redis.call('HSET', WEBHOOK, 'traceparent', field('traceparent'))
    redis.call('PEXPIREAT', WEBHOOK, field('expires_at'))
    redis.call('ZADD', WEBHOOKS, NOW, ID)
  end
end

-- Counts an ending by the failure's code. There are few of them; were there many, the tally would still be short.
local function count(status, failure)
  local known, error = pcall(cjson.decode, failure)
  local kind = status .. ':' .. (known and type(error) == 'table' and error.code or '')
  if redis.call('HEXISTS', TALLY, kind) == 0 and redis.call('HLEN', TALLY) >= KINDS_OF_ENDING then
    kind = status .. ':OTHER'
  end
  redis.call('HINCRBY', TALLY, kind, 1)
end

-- The one place where a job ends.
local function end_job(status, message, result, failure)
  withdraw()
  redis.call('ZREM', DEADLINES, ID)
  redis.call('HSET', JOB, 'result', result, 'error', failure, 'ended_at', NOW)
  write_event(status, status == 'completed' and '1' or field('progress'), message, '0', '0', '')
  schedule_webhook(status, message, failure)
  count(status, failure)
end

-- Ends the job with one of the failures that the caller passed as JSON: name → { message, error }.
local function end_failed(failures, name)
  local failure = cjson.decode(failures)[name]
  end_job('failed', failure.message, '', failure.error)
end

local function end_overdue(failures)
  end_failed(failures, field('started_at') == '' and 'waited_too_long' or 'ran_too_long')
end

local function give_up(failures)
  local deliveries = field('deliveries')
  redis.call('XADD', DEAD, 'MAXLEN', '~', DEAD_LETTERS, '*', 'job', ID, 'deliveries', deliveries, 'at', NOW)
  end_failed(failures, 'gave_up')
end
