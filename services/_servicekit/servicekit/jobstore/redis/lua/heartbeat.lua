-- Extends the caller's lease, and tells the caller whether it still holds it.
--
-- Args: token, lease ms. Returns the newest seq, 'cancelled' or 'superseded'.
--
-- Without the check of the token, a worker that wakes up late would extend the lease of the one that took over.

local token, lease = unpack(ARGV, 4)

local state = lease_state(token)
if state ~= 'held' then
  return state == 'cancelled' and 'cancelled' or 'superseded'
end
redis.call('ZADD', LEASES, NOW + tonumber(lease), ID)
return tonumber(field('seq'))
