-- Accepts a job: record, `queued` event, its turn and idempotency key at once, or nothing at all.
--
-- KEYS[19]: what is known of the idempotency key (hash: job, digest). KEYS[20]: the tenant's jobs (zset: job → ms of
-- submit), for lists; those whose retention is over are dropped. KEYS[21]: the delivery that tells of the acceptance.
-- Args: payload, message, digest ('' where there is no idempotency key), wait ms, run ms, retention ms, webhook URL (''
-- for none), most units of work that may wait, and of its flow; tenant, flow, cost, handicap in units of cost, ticks of a unit,
-- traceparent ('' for none), events that the receiver is told of (words separated by commas; '' for all endings), whether
-- the job waits for a first look (1 or 0), its work in units.
-- Returns { 'ok', id of the job that this request has made, now or before, its position in the queue (0 for none), units
-- of work ahead of it },
-- { 'conflict' }, { 'full' } or { 'flow full' }.
--
-- Interleavings: a repeated call finds its own idempotency key or its own record. Two requests with one key: the second
-- finds the first's, whatever ids they bring. A known key is answered also when the queue is full. A job that is more
-- work than may wait is let in where nothing waits, since it would be refused for ever.
--
-- Turns (start tags of fair queueing): a flow's jobs start one after the other, each its predecessor's cost later, and
-- none before the clock. A turn is a start plus the handicap. Every job moves the clock by a tick, so that equals keep
-- the order of their arrival; ticks are whole numbers, exact up to 2^53.

local IDEMPOTENCY, TENANTS_JOBS, ACCEPTED_WEBHOOK = unpack(KEYS, 19, 21)
local payload, message, digest, wait, run, retention, webhook_url = unpack(ARGV, 4, 10)
local limit, flow_limit, tenant, flow, cost, handicap, tick, traceparent, webhook_events, first_look, work = unpack(ARGV, 11)

local function accepted(id)
  local rank = redis.call('ZRANK', WAITING, id)
  local _, _, ahead = waiting_work(flow)
  return { 'ok', id, rank and rank + 1 or 0, id == ID and ahead or rank or 0 }
end

local function assign_turn()
  local start = math.max(redis.call('INCR', CLOCK), tonumber(redis.call('ZSCORE', STARTS, flow) or 0))
  redis.call('ZADD', STARTS, start + cost * tick, flow)
  redis.call('HSET', JOB, 'tenant', tenant, 'flow', flow, 'cost', cost, 'tick', tick)
  redis.call('HSET', JOB, 'start', start, 'turn', start + handicap * tick)
end

if digest ~= '' then
  local known, known_digest = unpack(redis.call('HMGET', IDEMPOTENCY, 'job', 'digest'))
  if known then
    return known_digest == digest and accepted(known) or { 'conflict' }
  end
end
if redis.call('EXISTS', JOB) == 1 then
  return accepted(ID)
end
local waits, flow_waits = waiting_work(flow)
if waits > 0 and waits + work > tonumber(limit) then
  return { 'full' }
end
if flow_waits > 0 and flow_waits + work > tonumber(flow_limit) then
  return { 'flow full' }
end

local expires = NOW + tonumber(retention)
redis.call('HSET', JOB, 'payload', payload, 'created_at', NOW, 'expires_at', expires, 'run_ms', run, 'deliveries', 0)
redis.call('HSET', JOB, 'wait_ms', wait, 'work', work)
for name, value in pairs({ webhook_url = webhook_url, traceparent = traceparent, webhook_events = webhook_events }) do
  if value ~= '' then
    redis.call('HSET', JOB, name, value)
  end
end
assign_turn()
if first_look == '1' then
  redis.call('ZADD', LOOKS, field('turn'), ID)
  redis.call('PEXPIREAT', LOOKS, expires) -- where nobody looks, and another release ends the jobs
end
enqueue()
redis.call('ZADD', DEADLINES, NOW + tonumber(wait), ID)
write_event('queued', '0', message, '0', '0', '')
redis.call('PEXPIREAT', JOB, expires)
redis.call('PEXPIREAT', EVENTS, expires)
redis.call('ZREMRANGEBYSCORE', TENANTS_JOBS, '-inf', NOW - retention)
redis.call('ZADD', TENANTS_JOBS, NOW, ID)
redis.call('PEXPIREAT', TENANTS_JOBS, expires)
if is_told('accepted') then
  schedule_webhook(ACCEPTED_WEBHOOK, ID .. '#accepted', 'queued', message, '')
end
if digest ~= '' then
  redis.call('HSET', JOB, 'idempotency', IDEMPOTENCY)
  redis.call('HSET', IDEMPOTENCY, 'job', ID, 'digest', digest)
  redis.call('PEXPIREAT', IDEMPOTENCY, expires)
end
return accepted(ID)
