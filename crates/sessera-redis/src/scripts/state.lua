-- Before every script: where the log stands, and how states are read, joined and written. See PROTOCOL.md.
local head, log, recent, packs, cuts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local BASE, LAYOUT = 1577836800, '2'

-- The head, as the script finds it.
local found = redis.call('HMGET', head, 'layout', 'epoch', 'seq', 'chain', 'sizes', 'names', 'reached', 'seen',
  'forgotten', 'issuer', 'checked')
-- A process of another version must not write into a layout that it does not know.
if found[1] and found[1] ~= LAYOUT then return redis.error_reply('LAYOUT ' .. found[1]) end

local function number(bytes, from, to)
  local sum = 0
  for i = from, to do sum = sum * 256 + bytes:byte(i) end
  return sum
end

local function bytes(sum, count)
  local out = {}
  for i = count, 1, -1 do
    out[i] = string.char(sum % 256)
    sum = math.floor(sum / 256)
  end
  return table.concat(out)
end

local function digits(sum) return string.format('%.0f', sum) end

-- The server's clock, in ms.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function is_state(state) return state and (#state == 10 or #state == 18) end

-- A state with its parts; nil where it is none. Times: `at` in ms, `till` in s.
local function decode(state)
  if not state then return nil end
  if #state == 10 then
    local first = state:byte(1)
    local at, till = number(state, 3, 7), number(state, 8, 10)
    return {
      revoked = first >= 128,
      elevated = first % 128 >= 64,
      shown = first % 64 >= 32,
      gen = first % 32 * 256 + state:byte(2),
      at = at > 0 and at + BASE * 1000 or 0,
      till = till == 16777215 and math.huge or BASE + till * 64,
    }
  elseif #state == 18 then
    local first, till = state:byte(1), number(state, 14, 18)
    return {
      revoked = first % 2 == 1,
      elevated = first % 4 >= 2,
      shown = first % 8 >= 4,
      gen = number(state, 2, 7),
      at = number(state, 8, 13),
      till = till == 1099511627775 and math.huge or till,
    }
  end
  return nil
end

local function encode(gen, at, elevated, shown, revoked, till)
  local past, steps = at - BASE * 1000, 16777215
  if till < math.huge then steps = math.max(0, math.ceil((till - BASE) / 64)) end
  local fits = steps < 16777215 or till == math.huge
  if gen < 8192 and (at == 0 or (past > 0 and past < 1099511627776)) and fits then
    local first = math.floor(gen / 256) + (shown and 32 or 0) + (elevated and 64 or 0) + (revoked and 128 or 0)
    return string.char(first, gen % 256) .. bytes(at == 0 and 0 or past, 5) .. bytes(steps, 3)
  end
  if gen > 35184372088831 or at > 140737488355327 then
    gen, at, elevated, shown, revoked = 35184372088831, 140737488355327, true, true, true
  end
  local flags = (revoked and 1 or 0) + (elevated and 2 or 0) + (shown and 4 or 0)
  return string.char(flags) .. bytes(gen, 6) .. bytes(at, 6) .. bytes(math.min(till, 1099511627775), 5)
end

local function join(a, b)
  if a == b then return a end
  local x, y = decode(a), decode(b)
  if not x then return b end
  if not y then return a end
  local newer = x
  if y.gen > x.gen or (y.gen == x.gen
    and (y.at > x.at or (y.at == x.at and y.elevated and not x.elevated))) then
    newer = y
  end
  local shown = (x.shown and x.gen == newer.gen) or (y.shown and y.gen == newer.gen)
  return encode(newer.gen, newer.at, newer.elevated, shown, x.revoked or y.revoked, math.max(x.till, y.till))
end

local function bucket(sid)
  local low = sid:byte(2)
  return string.char(sid:byte(1), low - low % 4)
end

-- Where the record of a session begins in its pack; nil where there is none.
local function place(pack, sid)
  local rest, at = sid:sub(2), 1
  while true do
    at = pack:find(rest, at, true)
    if not at then return nil end
    if at % 25 == 1 then return at end
    at = at + 1
  end
end

-- What is held of sessions, by their sids. What is in `recent` was joined with its pack.
local function held_all(sids)
  local known = {}
  if #sids == 0 then return known end
  local buckets, missing = {}, {}
  local found = redis.call('HMGET', recent, unpack(sids))
  for i, sid in ipairs(sids) do
    if is_state(found[i]) then
      known[sid] = found[i]
    else
      missing[#missing + 1] = sid
      buckets[#buckets + 1] = bucket(sid)
    end
  end
  if #missing == 0 then return known end
  found = redis.call('HMGET', packs, unpack(buckets))
  for i, sid in ipairs(missing) do
    local at = found[i] and place(found[i], sid)
    local state = at and found[i]:sub(at + 15, at + 24)
    if is_state(state) then known[sid] = state end
  end
  return known
end

local function held(sid) return held_all({ sid })[sid] end

-- What of a session and its subject is dead.
local function dead(sid, name, started)
  local state = decode(held(sid))
  if state and state.revoked then return true end
  local cut = redis.call('HMGET', cuts, 'u' .. name, 'e')
  for i = 1, 2 do
    if cut[i] and #cut[i] >= 8 and started <= number(cut[i], 1, 8) then return true end
  end
  return false
end

local at_head, begun

-- How much there is of the state, so that a key that went by itself is missed. Whatever writes `sizes` has to ask
-- `whole` first: it would make up for the loss, and nobody would miss it any more.
local function sizes()
  return table.concat({ redis.call('HLEN', recent), redis.call('HLEN', packs), redis.call('HLEN', cuts) }, ':')
end

-- Whether the state is what the scripts left.
local function whole() return found[5] == sizes() end

local function begin(seed, names)
  local epoch = now_ms()
  local known = redis.call('HGET', head, 'epoch')
  if known and tonumber(known) then epoch = math.max(epoch, known + 1) end
  local last = redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)
  if not last.err and last[1] then
    local foreign = tonumber(last[1][1]:match('^%d+'))
    -- An id past what numbers hold exactly is nobody's time.
    if foreign and foreign < 9007199254740991 then epoch = math.max(epoch, foreign + 1) end
  end
  redis.call('DEL', log)
  -- While a cluster moves the slot, it refuses a script one of whose keys is not there. So all are, always.
  redis.call('XGROUP', 'CREATE', log, 'x', '$', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', log, 'x')
  for _, key in ipairs({ recent, packs, cuts }) do redis.call('HSETNX', key, '-', '') end
  epoch = digits(epoch)
  local chain = redis.sha1hex(epoch .. seed):sub(1, 16)
  redis.call('HSET', head, 'layout', LAYOUT, 'epoch', epoch, 'seq', '0', 'chain', chain, 'names', names,
    'sizes', sizes())
  at_head, begun = { epoch, '0', chain }, true
end

-- The head; begun where there is none, or where a part of the state is gone: all must append again what they hold.
-- What was checked a moment ago is believed.
local function stand(seed, names, checked)
  if found[2] and tonumber(found[3]) and found[4] and (checked or whole()) then
    at_head = { found[2], found[3], found[4] }
  else
    begin(seed, names)
  end
end

local function record(sid, state)
  return (#state == 10 and 'S' or 'W') .. sid .. state
end

-- Adds one entry. A log that holds what the scripts did not write is begun anew.
local function write(records, flag, limit, seed, names)
  for attempt = 1, 2 do
    local seq = digits(at_head[2] + 1)
    local chain = redis.sha1hex(at_head[3] .. records):sub(1, 16)
    local entry = { 'XADD', log, 'MAXLEN', '~', limit, at_head[1] .. '-' .. seq,
      'p', at_head[3], 'c', chain, 'm', records }
    if flag == '1' then
      entry[#entry + 1] = 'f'
      entry[#entry + 1] = '1'
    end
    local added = attempt == 1 and redis.pcall(unpack(entry)) or redis.call(unpack(entry))
    if not added.err then
      redis.call('HSET', head, 'seq', seq, 'chain', chain, 'sizes', sizes())
      at_head[2], at_head[3] = seq, chain
      return
    end
    begin(seed, names)
  end
end
