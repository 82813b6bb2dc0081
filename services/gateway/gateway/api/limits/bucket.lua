-- A token bucket. KEYS[1]: the bucket (hash: level in units, at in µs). Args: capacity, units a second, cost.
--
-- Returns { 1 where the units were taken else 0, whole units left, ms until full, ms until the cost is there }.
-- Time is the server's alone, so clocks of replicas do not matter. The key of a bucket that is full again expires.

local capacity, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1e6 + time[2]
local level, at = unpack(redis.call('HMGET', KEYS[1], 'level', 'at'))
local passed = math.max(0, now - (tonumber(at) or now)) / 1e6
level = math.min(capacity, (tonumber(level) or capacity) + passed * rate)

local granted = level >= cost
if granted then
  level = level - cost
end
local until_full = math.ceil((capacity - level) / rate * 1000)
if until_full > 0 then
  redis.call('HSET', KEYS[1], 'level', level, 'at', now)
  redis.call('PEXPIRE', KEYS[1], until_full)
end
local wait = granted and 0 or math.ceil((cost - level) / rate * 1000)
return { granted and 1 or 0, math.floor(level), until_full, wait }
