-- Accepts a job: record, `queued` event, queue entry and idempotency key at once, or nothing at all.
--
-- KEYS[10]: what is known of the idempotency key (hash: job, digest).
-- Args: payload, message, digest ('' where there is no idempotency key), wait ms, run ms, retention ms, queue limit.
-- Returns { 'ok', id of the job that this request has made, now or before }, { 'conflict', '' } or { 'full', '' }.
--
-- Interleavings: a repeated call finds its own idempotency key or its own record. Two requests with one key: the second
-- finds the first's, whatever ids they bring. A known key is answered also when the queue is full.

local IDEMPOTENCY = KEYS[10]
local payload, message, digest, wait, run, retention, limit = unpack(ARGV, 4)

if digest ~= '' then
  local known, known_digest = unpack(redis.call('HMGET', IDEMPOTENCY, 'job', 'digest'))
  if known then
    return known_digest == digest and { 'ok', known } or { 'conflict', '' }
  end
end
if redis.call('EXISTS', JOB) == 1 then
  return { 'ok', ID }
end
if redis.call('ZCARD', WAITING) >= tonumber(limit) then
  return { 'full', '' }
end

local expires = NOW + tonumber(retention)
redis.call('HSET', JOB, 'payload', payload, 'created_at', NOW, 'expires_at', expires, 'run_ms', run, 'deliveries', 0)
enqueue()
redis.call('ZADD', DEADLINES, NOW + tonumber(wait), ID)
write_event('queued', '0', message, '0', '0', '')
redis.call('PEXPIREAT', JOB, expires)
redis.call('PEXPIREAT', EVENTS, expires)
if digest ~= '' then
  redis.call('HSET', IDEMPOTENCY, 'job', ID, 'digest', digest)
  redis.call('PEXPIREAT', IDEMPOTENCY, expires)
end
return { 'ok', ID }
