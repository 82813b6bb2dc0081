-- Adds the first look to the log of a job that has not ended and has shown no picture yet. Whoever made it holds no lease.
--
-- Args: preview key. Returns 'ok' or 'refused'.
--
-- Interleavings: the job may have ended, been purged, or shown a picture of its engine while the look was made, which is
-- then one too late. A repeated call finds its own key. The lease holder is woken: it learns the newest seq with its next
-- heartbeat, as it would of an event of its own (`restore_seq`).

local preview_key = unpack(ARGV, 4)

if field('preview_key') ~= '' then
  return field('preview_key') == preview_key and 'ok' or 'refused'
end
if redis.call('EXISTS', JOB) == 0 or ended() then
  return 'refused'
end
write_event(field('status'), field('progress'), field('message'), '0', '0', preview_key)
if field(LEASE_HOLDER) ~= '' then
  redis.call('PUBLISH', WAKEUP_CHANNEL, ID)
end
return 'ok'
