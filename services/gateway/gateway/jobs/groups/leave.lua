-- Takes a job out of a group with all that the group knows of it; a group without members is gone.
--
-- KEYS: 1 the group. Args: job, prefix of its objects.

local job, folder = unpack(ARGV)
local fields, left = redis.call('HGETALL', KEYS[1]), 0
for index = 1, #fields, 2 do
  local name, value = fields[index], fields[index + 1]
  local member = string.sub(name, 1, 2) == 'm:'
  local of_job = (member and string.match(value, '^%S+') == job)
    or (name == 'leader' and value == job)
    or (name == 'picture' and string.sub(value, 1, #folder) == folder)
  if of_job then
    redis.call('HDEL', KEYS[1], name)
  elseif member then
    left = left + 1
  end
end
if left == 0 then
  redis.call('DEL', KEYS[1])
end
