-- Tells that the owner is alive, and the owner whether it still is the owner.
--
-- Args: token, lease ms. Returns 'ok', 'cancelled' or 'superseded'.
--
-- Without the check of the token, a worker that wakes up late would keep the job from the new owner.

local token, lease = unpack(ARGV, 4)

local stand = standing(token)
if stand ~= 'owner' then
  return stand == 'cancelled' and 'cancelled' or 'superseded'
end
redis.call('ZADD', LEASES, NOW + tonumber(lease), ID)
return 'ok'
