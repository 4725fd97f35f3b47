-- KEYS[6]: verifiers. ARGV: name, position, seed, names, a check of the issuer or nothing. Gives the head, what goes
-- with it, and the server's time in ms.
stand(ARGV[3], ARGV[4])
-- What nobody of ours has written: all begin anew, and append again what they hold.
local last = redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)
local foreign = last.err or (last[1] and last[1][1] ~= at_head[1] .. '-' .. at_head[2])
if foreign then begin(ARGV[3], ARGV[4]) end
local time = digits(now_ms())
redis.call('HSET', KEYS[6], ARGV[1], ARGV[2])
redis.call('HSET', head, 'beat', time)
if ARGV[5] ~= '' then redis.call('HSETNX', head, 'issuer', ARGV[5]) end
local more = redis.call('HMGET', head, 'layout', 'names', 'reached', 'seen', 'forgotten', 'issuer')
return { at_head[1], at_head[2], at_head[3], more[1], more[2], more[3], more[4], more[5], more[6], time }
