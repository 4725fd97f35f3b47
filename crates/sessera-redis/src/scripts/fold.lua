-- ARGV: sids. Moves their narrow states from `recent` to `packs`. Gives whether there was a whole state to fold.
if not whole() then return 0 end
local changed = {}
for _, sid in ipairs(ARGV) do
  local state = redis.call('HGET', recent, sid)
  if state and #state == 10 and #sid == 16 then
    local name = bucket(sid)
    local pack = changed[name] or redis.call('HGET', packs, name) or ''
    -- Someone else's value has no records to keep.
    if #pack % 25 ~= 0 then pack = '' end
    local at = place(pack, sid)
    if at then
      pack = pack:sub(1, at + 14) .. state .. pack:sub(at + 25)
    else
      pack = pack .. sid:sub(2) .. state
    end
    changed[name] = pack
  end
end
for name, pack in pairs(changed) do redis.call('HSET', packs, name, pack) end
for _, sid in ipairs(ARGV) do
  local state = redis.call('HGET', recent, sid)
  if state and #state == 10 and #sid == 16 then redis.call('HDEL', recent, sid) end
end
redis.call('HSET', head, 'sizes', sizes())
return 1
