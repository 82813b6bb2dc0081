-- The value of a field that whoever asks first decides, for all jobs of a group.
--
-- KEYS: 1 the group. Args: field, proposal. Returns the value; the proposal where there is no such group any more, which
-- is not made again: it would have no end.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return ARGV[2]
end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
