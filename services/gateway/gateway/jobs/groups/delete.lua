-- Deletes a field that still has the value that the caller has found to be of no use.
--
-- KEYS: 1 the group. Args: field, value.

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
