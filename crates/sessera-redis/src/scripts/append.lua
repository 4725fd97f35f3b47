-- ARGV: records, flag, limit, seed, names. Gives the head. Flags: 1 is for who waits until every verifier has
-- applied them, 2 for who waits for replicas.
local records, flag, limit, seed, names = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
stand(seed, names)

-- Of two times in 8 bytes the later.
local function later(a, b)
  for i = 1, 8 do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x > y and a or b end
  end
  return a
end

-- Of all records of sessions: what is held, looked up together.
local sids, at = {}, 1
while at <= #records do
  local kind = records:byte(at)
  if kind == 83 or kind == 87 then
    sids[#sids + 1] = records:sub(at + 1, at + 16)
    at = at + (kind == 83 and 27 or 35)
  elseif kind == 85 then at = at + 33
  elseif kind == 69 then at = at + 9
  elseif kind == 75 and at < #records then at = at + 2 + records:byte(at + 1)
  else return redis.error_reply('MALFORMED record') end
end
local known, put = held_all(sids), {}

local changed, at = {}, 1
while at <= #records do
  local kind = records:sub(at, at)
  local before, after, length
  if kind == 'S' or kind == 'W' then
    length = kind == 'S' and 27 or 35
    local sid, state = records:sub(at + 1, at + 16), records:sub(at + 17, at + length - 1)
    if not is_state(state) then return redis.error_reply('MALFORMED record') end
    before = known[sid]
    after = before and join(before, state) or state
    if after ~= before then
      known[sid] = after
      put[#put + 1] = sid
      put[#put + 1] = after
      changed[#changed + 1] = record(sid, after)
    end
  elseif kind == 'U' then
    length = 33
    local field, value = 'u' .. records:sub(at + 1, at + 16), records:sub(at + 17, at + 32)
    if #value < 16 then return redis.error_reply('MALFORMED record') end
    before = redis.call('HGET', cuts, field)
    after = value
    if before and #before == 16 then
      after = later(before:sub(1, 8), value:sub(1, 8)) .. later(before:sub(9), value:sub(9))
    end
    if after ~= before then
      redis.call('HSET', cuts, field, after)
      changed[#changed + 1] = 'U' .. field:sub(2) .. after
    end
  elseif kind == 'E' then
    length = 9
    local value = records:sub(at + 1, at + 8)
    if #value < 8 then return redis.error_reply('MALFORMED record') end
    before = redis.call('HGET', cuts, 'e')
    after = before and #before == 8 and later(before, value) or value
    if after ~= before then
      redis.call('HSET', cuts, 'e', after)
      changed[#changed + 1] = 'E' .. after
    end
  elseif kind == 'K' and at < #records then
    length = 2 + records:byte(at + 1)
    local kid = records:sub(at + 2, at + length - 1)
    if redis.call('HSETNX', cuts, 'k' .. kid, '') == 1 then
      changed[#changed + 1] = records:sub(at, at + length - 1)
    end
  else
    return redis.error_reply('MALFORMED record')
  end
  at = at + length
end
if #put > 0 then redis.call('HSET', recent, unpack(put)) end
if #changed > 0 then
  write(table.concat(changed), flag, limit, seed, names)
elseif flag == '2' then
  redis.call('HSET', head, 'seq', at_head[2])
end
return at_head
