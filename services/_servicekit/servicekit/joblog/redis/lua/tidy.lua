-- Drops acknowledged entries and consumers that are gone. KEYS[1]: queue. Args: ms of silence of a consumer that is gone.
--
-- Everything before the oldest pending entry has been acknowledged; where nothing is pending, everything up to the last
-- delivered entry, which stays. Trimming from the front keeps the group's lag right, deleting single entries would not.
-- A consumer is removed only while nothing is pending for it; one that was merely asleep is made anew when it reads.

local QUEUE, GROUP = KEYS[1], 'workers'
local gone = tonumber(ARGV[1])

-- A reply of names and values in turn, as a table.
local function named(reply)
  local values = {}
  for index = 1, #reply, 2 do
    values[reply[index]] = reply[index + 1]
  end
  return values
end

if redis.call('EXISTS', QUEUE) == 0 then
  return
end
for _, reply in ipairs(redis.call('XINFO', 'GROUPS', QUEUE)) do
  local group = named(reply)
  if group.name == GROUP then
    local oldest = redis.call('XPENDING', QUEUE, GROUP)[2]
    redis.call('XTRIM', QUEUE, 'MINID', oldest or group['last-delivered-id'])
  end
end
for _, reply in ipairs(redis.call('XINFO', 'CONSUMERS', QUEUE, GROUP)) do
  local consumer = named(reply)
  if consumer.pending == 0 and consumer.idle > gone then
    redis.call('XGROUP', 'DELCONSUMER', QUEUE, GROUP, consumer.name)
  end
end
