-- KEYS[6]: data. ARGV: sid. Gives the value, unless its session is dead.
local value = redis.call('GET', KEYS[6])
if not value or #value < 32 then return false end
if dead(ARGV[1], value:sub(1, 16), number(value, 17, 24)) then return false end
return value
