-- What every script about one job begins with: this file is put in front of each of them.
--
-- KEYS, all in one hash slot, the same for every script:
--   1 job        hash     the record
--   2 events     stream   the log; ids `seq-0`, one field `event` (JSON)
--   3 queue      stream   one field `job`; read by the group `workers`
--   4 waiting    zset     job → ticket: jobs in the queue that no worker has taken, in their order
--   5 delayed    zset     job → ms: jobs to be put into the queue again, and when
--   6 deadlines  zset     job → ms: every job that has not ended, and when it fails
--   7 durations  list     ms from first take to completion of recent jobs, newest first
--   8 dead       stream   jobs that were given up, for operators
--   9 tickets    counter  of the queue
-- ARGV: 1 job id, 2 channel of events, 3 channel of nudges, 4 … the script's own.
--
-- Each script is atomic, so these hold between any two commands, whoever crashes:
--   * A job without an ending is in `deadlines`; a job with one is in none of the sets and has no owner.
--   * A job without an ending is in exactly one place: in `waiting` (its entry not delivered, or delivered but not yet
--     taken), owned (its entry pending in the group), or in `delayed` (no entry). `entry` names its only live entry.
--   * Only the holder of `owner`, a token made anew for each take, may append, finish or release. `left_by` is the
--     token that last did finish or release, so that a call repeated after a lost answer changes nothing.
--   * `seq` is the id of the newest event; the terminal event is written together with the ending, and nothing after.
-- Time is the server's alone, so that clocks of workers do not matter.

local JOB, EVENTS, QUEUE, WAITING, DELAYED, DEADLINES, DURATIONS, DEAD, TICKETS = unpack(KEYS, 1, 9)
local ID, EVENT_CHANNEL, NUDGE_CHANNEL = unpack(ARGV, 1, 3)
local GROUP = 'workers'
local ENDINGS = { completed = true, failed = true, cancelled = true }
local RECENT = 50
local DEAD_LETTERS = 1000

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
  local event = cjson.encode({
    job_id = ID,
    seq = seq,
    status = status,
    progress = tonumber(progress),
    message = message,
    timestamp = NOW / 1000,
    step = tonumber(step),
    total_steps = tonumber(total_steps),
    preview_key = preview_key,
  })
  redis.call('XADD', EVENTS, seq .. '-0', 'event', event)
  redis.call('PUBLISH', EVENT_CHANNEL, event)
end

-- Puts the job at the end of the queue. The group is there as soon as the queue is, so that its lag can be read.
local function enqueue()
  if redis.call('EXISTS', QUEUE) == 0 then
    redis.call('XGROUP', 'CREATE', QUEUE, GROUP, '0', 'MKSTREAM')
  end
  local entry = redis.call('XADD', QUEUE, '*', 'job', ID)
  redis.call('HSET', JOB, 'entry', entry, 'queued_at', NOW)
  redis.call('ZADD', WAITING, redis.call('INCR', TICKETS), ID)
end

-- Takes the job out of wherever it is. An entry that no worker has read yet stays and is acknowledged when it is read:
-- deleting entries would make the group's lag unknown.
local function withdraw()
  local entry = field('entry')
  if entry ~= '' then
    redis.call('XACK', QUEUE, GROUP, entry)
  end
  redis.call('ZREM', WAITING, ID)
  redis.call('ZREM', DELAYED, ID)
  redis.call('HSET', JOB, 'entry', '', 'owner', '')
end

-- The one place where a job ends.
local function end_job(status, message, result, failure)
  withdraw()
  redis.call('ZREM', DEADLINES, ID)
  redis.call('HSET', JOB, 'result', result, 'error', failure, 'ended_at', NOW)
  write_event(status, status == 'completed' and '1' or field('progress'), message, '0', '0', '')
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
