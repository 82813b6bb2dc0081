-- Takes a job into a group, whose first job fixes what all have in common.
--
-- KEYS: 1 the group (hash: `terms`, `room_type`, `leader`, `picture`, and `m:MEMBER` → job and second of
-- joining for each member).
-- Args: member, job, terms (JSON), most members, ms that the group is kept from now on.
-- Returns { 'ok', '1' where the member is new, terms of the first job } or { 'full', job and seconds since it joined, … }.
--
-- A member is an idempotency key, or the job itself: a repeated request finds its own place.

local member, job, terms, most, kept = unpack(ARGV)
local place = 'm:' .. member
local new = redis.call('HEXISTS', KEYS[1], place) == 0
if new then
  local jobs = { 'full' }
  local fields = redis.call('HGETALL', KEYS[1])
  for index = 1, #fields, 2 do
    if string.sub(fields[index], 1, 2) == 'm:' then
      local known, joined = string.match(fields[index + 1], '^(%S+) (%d+)$')
      table.insert(jobs, known .. ' ' .. (redis.call('TIME')[1] - joined))
    end
  end
  if #jobs > tonumber(most) then
    return jobs
  end
  redis.call('HSET', KEYS[1], place, job .. ' ' .. redis.call('TIME')[1])
end
redis.call('HSETNX', KEYS[1], 'terms', terms)
redis.call('PEXPIRE', KEYS[1], kept)
return { 'ok', new and '1' or '0', redis.call('HGET', KEYS[1], 'terms') }
