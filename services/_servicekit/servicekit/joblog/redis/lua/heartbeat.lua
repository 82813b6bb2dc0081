-- Tells the group that the owner is alive, and the owner whether it still is the owner.
--
-- Args: token, consumer. Returns 'ok', 'cancelled' or 'superseded'.
--
-- Interleavings: another consumer may have claimed the entry and not yet taken the job. The owner is then still alive and
-- gets its entry back; the other's take finds it pending elsewhere. Without the check of the token, a worker that wakes up
-- late would take the entry away from the new owner.

local token, consumer = unpack(ARGV, 4)

local stand = standing(token)
if stand ~= 'owner' then
  return stand == 'cancelled' and 'cancelled' or 'superseded'
end
redis.call('XCLAIM', QUEUE, GROUP, consumer, 0, field('entry'), 'JUSTID')
return 'ok'
