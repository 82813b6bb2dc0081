-- Takes a consumer out of the group. KEYS[1]: queue. Args: consumer, idle limit ms.
--
-- Deleting a consumer deletes its pending entries, so one that has any is only made to look silent: its jobs are taken
-- over at once, and the empty consumer is removed by the upkeep later.

local QUEUE, GROUP = KEYS[1], 'workers'
local consumer, idle = unpack(ARGV)

if redis.call('EXISTS', QUEUE) == 0 then
  return
end
local pending = redis.call('XPENDING', QUEUE, GROUP, '-', '+', 1000, consumer)
if #pending == 0 then
  redis.call('XGROUP', 'DELCONSUMER', QUEUE, GROUP, consumer)
end
for _, entry in ipairs(pending) do
  redis.call('XCLAIM', QUEUE, GROUP, consumer, 0, entry[1], 'IDLE', idle, 'JUSTID')
end
