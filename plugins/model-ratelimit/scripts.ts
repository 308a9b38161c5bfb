// The steps of Redis. Keys, arguments and replies are those of Higress's ai-token-ratelimit and
// cluster-key-rate-limit, so that old and new gateways may share a Redis. Each has one key; arguments are the limit,
// the window in seconds, and what is added; a reply is { limit, count, seconds left }. Beyond Higress's: a counter that
// has lost its expiry gets it back, and does not block for ever.

export const CHECK: string = `local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = redis.call('GET', KEYS[1])
if not count then return {limit, 0, window} end
local left = redis.call('TTL', KEYS[1])
if left < 0 then
  redis.call('EXPIRE', KEYS[1], window)
  left = window
end
return {limit, tonumber(count), left}`;

export const TAKE: string = `local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count <= limit then count = redis.call('INCR', KEYS[1]) end
local left = redis.call('TTL', KEYS[1])
if count == 1 or left < 0 then
  redis.call('EXPIRE', KEYS[1], window)
  left = window
end
return {limit, count, left}`;

export const CHARGE: string = `local limit, window, added = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local first = false
if count <= limit then
  count = redis.call('INCRBY', KEYS[1], added)
  first = count == added
end
if first or redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], window) end
return {limit, count, redis.call('TTL', KEYS[1])}`;
