-- ARGV: sid, from, now in ms, elevated, until in s or -1, known, limit, seed, names, deadline in ms of the server.
-- Gives the head, whether this call won, and the state. After the deadline it does nothing and gives the time: its
-- caller has given up, and the client keeps the generation that it has.
local time = now_ms()
if time > tonumber(ARGV[10]) then return { digits(time) } end
local sid, from, now, elevated, till = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5])
local known, limit, seed, names = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
stand(seed, names)
if till < 0 then till = math.huge end
local before = held(sid)
local state = before
if decode(known) then state = state and join(state, known) or known end
local parts = decode(state)
local won = not (parts and (parts.revoked or parts.gen > from))
if won then
  state = encode(from + 1, now, elevated, false, false, math.max(till, parts and parts.till or 0))
end
if state ~= before then
  redis.call('HSET', recent, sid, state)
  write(record(sid, state), '0', limit, seed, names)
end
return { at_head[1], at_head[2], at_head[3], won and 1 or 0, state }
