-- KEYS[6]: list. ARGV: sid, subject's name, started in ms, session's name, value, ms to live.
-- Gives whether it is on the list.
if dead(ARGV[1], ARGV[2], tonumber(ARGV[3])) then
  redis.call('HDEL', KEYS[6], ARGV[4])
  return 0
end
redis.call('HSET', KEYS[6], ARGV[4], ARGV[5])
if redis.call('PTTL', KEYS[6]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[6], ARGV[6]) end
return 1
