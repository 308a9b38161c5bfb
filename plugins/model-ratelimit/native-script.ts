// The script of the native limits: the steps of tally.ts over all counters of a decision at once.
//
// KEYS: the counters; behind them, of a settlement, the mark that it was made.
// ARGV: now in ms, 0 for the server's clock │ counters │ "1" for a settlement, which is never refused │
//       of each counter: algorithm, capacity, amount, window ms, life ms, test, take, hold, release, cell
// Reply: place of the counter that refuses, from 1, or 0 │ of each: remaining, reset ms, wait ms, cell, expired

export const NATIVE: string = `local now, n, force = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
if now == 0 then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
local function add(s, cell, amount)
  for i = 1, #s, 2 do
    if s[i] == cell then s[i + 1] = max(0, s[i + 1] + amount) return end
  end
  if amount > 0 then s[#s + 1] = cell s[#s + 1] = amount end
end
local function advance(s, cell, life)
  local kept, dropped, moved = {}, 0, false
  for i = 1, #s, 2 do
    if cell - s[i] > life then dropped = dropped + s[i + 1]
    else add(kept, min(s[i], cell), s[i + 1]) end
    moved = moved or s[i] > cell
  end
  return kept, dropped, moved
end
local function sum(s)
  local total = 0
  for i = 2, #s, 2 do total = total + s[i] end
  return total
end
local tallies, refused = {}, 0
for i = 1, n do
  local a, w = {}, {}
  for j = 1, 10 do a[j] = tonumber(ARGV[3 + (i - 1) * 10 + j]) end
  for word in string.gmatch(redis.call('GET', KEYS[i]) or '', '%S+') do w[#w + 1] = tonumber(word) end
  local t = {a = a, used = w[1] or 0, at = w[2] or 0, parts = {}, holds = {}}
  local split = 3 + 2 * (w[3] or 0)
  for j = 4, #w - 1, 2 do add(j <= split and t.parts or t.holds, w[j], w[j + 1]) end
  t.cell = floor(now * 4 / a[5])
  t.holds, t.expired, t.moved = advance(t.holds, t.cell, 4)
  t.held = sum(t.holds)
  if a[1] == 1 then
    if t.at <= now then t.used = 0 t.at = 0 end
    t.moved = t.moved or t.at > now + a[4]
    t.at = min(t.at, now + a[4])
  elseif a[1] == 2 then
    t.part = floor(now * 16 / a[4])
    local parts, _, moved = advance(t.parts, t.part, 16)
    t.parts, t.moved = parts, t.moved or moved
    t.used = sum(parts)
  elseif a[1] == 3 then
    t.used = max(0, t.used - max(0, now - t.at) * a[3] / a[4])
    t.moved = t.moved or t.at > now
    t.at = now
  else t.used = 0 end
  if not force and refused == 0 and t.used + t.held + a[6] > a[2] then refused = i end
  tallies[i] = t
end
if force and #KEYS > n and not redis.call('SET', KEYS[n + 1], '1', 'NX', 'PX', 300000) then return {-1} end
local reply = {refused}
for i = 1, n do
  local t = tallies[i]
  local a = t.a
  if refused == 0 then
    add(t.holds, a[10], -a[9])
    add(t.holds, t.cell, a[8])
    t.held = sum(t.holds)
    if a[1] ~= 0 and a[7] ~= 0 then
      if a[1] == 2 then add(t.parts, t.part, a[7]) t.used = sum(t.parts)
      else
        t.used = max(0, t.used + a[7])
        if a[1] == 1 and t.at == 0 then t.at = now + a[4] end
      end
    end
  end
  local reset = 0
  if t.used > 0 then
    if a[1] == 1 then reset = t.at - now
    elseif a[1] == 3 then reset = ceil(t.used * a[4] / a[3])
    else reset = a[4] end
  end
  local missing, wait = t.used + a[6] - a[2], 0
  if missing > 0 then wait = a[1] == 3 and ceil(missing * a[4] / a[3]) or reset end
  if refused == 0 or t.moved then
    local life = reset
    if a[1] == 2 and t.used > 0 then life = ceil(a[4] * 1.0625) end
    if t.held > 0 then life = max(life, ceil(a[5] * 2.5)) end
    if life > 0 then
      local w = {t.used, t.at, #t.parts / 2}
      for j = 1, #t.parts do w[#w + 1] = t.parts[j] end
      for j = 1, #t.holds do w[#w + 1] = t.holds[j] end
      for j = 1, #w do w[j] = string.format('%.17g', w[j]) end
      redis.call('SET', KEYS[i], table.concat(w, ' '), 'PX', life)
    else redis.call('DEL', KEYS[i]) end
  end
  reply[#reply + 1] = max(0, floor(a[2] - t.used - t.held))
  reply[#reply + 1] = ceil(reset)
  reply[#reply + 1] = max(1000, ceil(wait))
  reply[#reply + 1] = t.cell
  reply[#reply + 1] = refused == 0 and ceil(t.expired) or 0
end
return reply`;

/** SHA-1 of the script, by which Redis knows it; a test compares the two. */
export const NATIVE_SHA1: string = "4861bc7d6356fe472b1fc2634384137112ee8c62";
