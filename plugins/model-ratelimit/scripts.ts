// The steps of Redis. Counters, arguments and replies are those of Higress's ai-token-ratelimit and
// cluster-key-rate-limit, so that old and new gateways may share a Redis. Each has one counter; arguments are the limit,
// the window in seconds, and what is added; a reply is { limit, count, seconds left }. Beyond Higress's: a counter that
// has lost its expiry gets it back, and does not block for ever; and what settles has a last key, the mark that it was
// done. The mark is written last: what has failed before was not done.

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

export const CHARGE: string = `if redis.call('EXISTS', KEYS[2]) == 1 then return {0} end
local limit, window, added = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local first = false
if count <= limit then
  count = redis.call('INCRBY', KEYS[1], added)
  first = count == added
end
if first or redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], window) end
redis.call('SET', KEYS[2], '1', 'PX', 300000)
return {limit, count, redis.call('TTL', KEYS[1])}`;

/** ARGV: what was used of a balance. */
export const SPEND: string = `if redis.call('EXISTS', KEYS[2]) == 1 then return {0} end
local left = redis.call('DECRBY', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], '1', 'PX', 300000)
return {left}`;

// Reservations beside the counters of Higress's forms, which stay as they are: a hash of amounts by the quarter of their
// life in which they were made. KEYS: counter or balance, hash. `limit` is empty for a balance.

/** ARGV: limit, window, room that is asked, amount to hold, life in ms. Reply: { 1 or 0, room, seconds left, cell, what of others has expired }. */
export const RESERVE: string = `local limit, window, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local time = redis.call('TIME')
local cell = math.floor((tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)) * 4 / life)
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local held, expired = 0, 0
local cells = redis.call('HGETALL', KEYS[2])
for i = 1, #cells, 2 do
  if cell - tonumber(cells[i]) > 4 then
    redis.call('HDEL', KEYS[2], cells[i])
    expired = expired + tonumber(cells[i + 1])
  else held = held + tonumber(cells[i + 1]) end
end
local room = (limit and limit - count or count) - held
local left = redis.call('TTL', KEYS[1])
if left < 0 then left = window end
if room < tonumber(ARGV[3]) then return {0, room, left, cell, expired} end
redis.call('HINCRBY', KEYS[2], cell, ARGV[4])
redis.call('PEXPIRE', KEYS[2], math.ceil(life * 2.5))
return {1, room, left, cell, expired}`;

/** ARGV: limit, window, amount that was used, cell, amount that was held. What was used counts whatever the limit says. */
export const SETTLE: string = `if redis.call('EXISTS', KEYS[3]) == 1 then return {0} end
local holds = ARGV[5] ~= '0' and redis.call('HEXISTS', KEYS[2], ARGV[4]) == 1
local count = 0
if ARGV[3] ~= '0' then
  if ARGV[1] == '' then count = redis.call('DECRBY', KEYS[1], ARGV[3])
  else
    count = redis.call('INCRBY', KEYS[1], ARGV[3])
    if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
  end
end
if holds and redis.call('HINCRBY', KEYS[2], ARGV[4], '-' .. ARGV[5]) <= 0 then redis.call('HDEL', KEYS[2], ARGV[4]) end
redis.call('SET', KEYS[3], '1', 'PX', 300000)
return {count}`;
