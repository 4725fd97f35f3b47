-- KEYS[6]: lease. ARGV: name, ms. Takes it, or keeps it. Gives whether it is held now. One that lasts longer than
-- anyone takes it for is of a clock that was set back since: its holder may be dead.
local holder = redis.call('GET', KEYS[6])
if holder and holder ~= ARGV[1] and redis.call('PTTL', KEYS[6]) <= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[6], ARGV[1], 'PX', ARGV[2])
return 1
