-- KEYS[6]: verifiers. ARGV: name, position or nothing. Takes a verifier off, if that is its position still.
if ARGV[2] and redis.call('HGET', KEYS[6], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[6], ARGV[1])
