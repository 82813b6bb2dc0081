-- Deletes everything that is known of a job whose purge has begun: record, events, deliveries, dead letters.
--
-- KEYS[19]: the record's `idempotency`, or any name where it has none. KEYS[20]: its tenant's jobs. KEYS[21]: the delivery
-- that tells of its acceptance. No args, no answer.
--
-- The job left every set when it ended; old tokens find nothing. A repeated call does nothing.

if redis.call('EXISTS', JOB) == 1 and field('purging') == '' then
  return
end
if field('idempotency') == KEYS[19] then
  redis.call('DEL', KEYS[19])
end
redis.call('DEL', JOB, EVENTS, WEBHOOK, KEYS[21])
redis.call('ZREM', WEBHOOKS, ID, ID .. '#accepted')
redis.call('ZREM', KEYS[20], ID)
for _, stream in ipairs({ DEAD_JOBS, DEAD_DELIVERIES }) do
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+')) do
    if entry[2][2] == ID or entry[2][2] == ID .. '#accepted' then
      redis.call('XDEL', stream, entry[1])
    end
  end
end
