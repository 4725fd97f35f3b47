-- KEYS[6]: verifiers. ARGV: name, position, seed, names, a check of the issuer or nothing. Gives the head, what goes
-- with it, and the server's time in ms.
local now = now_ms()
-- Verifiers are many and beat often: one of them checks the state for all, four times a second.
local last_check = tonumber(found[11] or '')
local checked = last_check and last_check <= now and now - last_check < 250
stand(ARGV[3], ARGV[4], checked)
if not checked then
  -- What nobody of ours has written: all begin anew, and append again what they hold.
  local last = redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)
  local foreign = last.err or (last[1] and last[1][1] ~= at_head[1] .. '-' .. at_head[2])
  if foreign then begin(ARGV[3], ARGV[4]) end
  redis.call('HSET', head, 'checked', digits(now))
end
redis.call('HSET', KEYS[6], ARGV[1], ARGV[2])
local issuer = found[10]
if ARGV[5] ~= '' and not issuer then
  issuer = ARGV[5]
  redis.call('HSET', head, 'issuer', issuer)
end
local names = begun and ARGV[4] or found[6]
return { at_head[1], at_head[2], at_head[3], LAYOUT, names, found[7], found[8], found[9], issuer, digits(now) }
