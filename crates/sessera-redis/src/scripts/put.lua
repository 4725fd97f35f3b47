-- KEYS[6]: data. ARGV: sid, subject's name, started in ms, value, ms to live. Gives whether it was put.
if dead(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 0 end
redis.call('SET', KEYS[6], ARGV[4], 'PX', ARGV[5])
return 1
