-- ARGV: before in s, which ('p', 'r' or 'c'), then buckets, sids or fields. Drops what is needed no longer, and
-- remembers the latest term of it. Gives how many went.
if not whole() then return 0 end
local before, which, latest, gone = tonumber(ARGV[1]), ARGV[2], 0, 0
local function over(till)
  if till > before then return false end
  latest, gone = math.max(latest, till), gone + 1
  return true
end
for i = 3, #ARGV do
  local field = ARGV[i]
  if which == 'p' then
    local pack, kept = redis.call('HGET', packs, field), {}
    if pack then
      for at = 1, #pack - 24, 25 do
        local state = decode(pack:sub(at + 15, at + 24))
        if not over(state.till) then kept[#kept + 1] = pack:sub(at, at + 24) end
      end
      if #kept == 0 then
        redis.call('HDEL', packs, field)
      elseif #kept * 25 < #pack then
        redis.call('HSET', packs, field, table.concat(kept))
      end
    end
  elseif which == 'r' then
    local state = decode(redis.call('HGET', recent, field))
    if state and over(state.till) then redis.call('HDEL', recent, field) end
  else
    local value = redis.call('HGET', cuts, field)
    if value and #value == 16 and over(math.ceil(number(value, 9, 16) / 1000)) then
      redis.call('HDEL', cuts, field)
    end
  end
end
if latest > 0 then
  local known = tonumber(redis.call('HGET', head, 'forgotten') or '0') or 0
  redis.call('HSET', head, 'forgotten', digits(math.max(known, latest * 1000)))
end
redis.call('HSET', head, 'sizes', sizes())
return gone
