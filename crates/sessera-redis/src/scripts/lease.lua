-- KEYS[6]: lease. ARGV: name, ms. Takes it, or keeps it. Gives whether it is held now.
local holder = redis.call('GET', KEYS[6])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[6], ARGV[1], 'PX', ARGV[2])
return 1
