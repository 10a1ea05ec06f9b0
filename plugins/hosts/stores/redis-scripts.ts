/**
 * The ledger's operations as Redis scripts: each is one round trip and atomic. All keys carry one hash tag, so that they lie
 * in one slot of a cluster:
 *
 *     {tag}:a:<account>   `<spent> <reserved>`
 *     {tag}:c:<call>      state (open, given, settled), when admitted, journal, then account and amount, claim by claim
 *     {tag}:open          calls in flight, by the time at which they are taken for lost
 *     {tag}:ends          accounts, by the time from which nobody asks for them
 *     {tag}:m:<mark>
 *
 * Lua's numbers are doubles: amounts are added in two parts, of nine digits and of the rest, each of which a double holds
 * exactly. A call into Redis costs more than all of Lua here, so everything is read at once and written at once.
 */

const prelude = `
local call, sub, format = redis.call, string.sub, string.format
local tag = KEYS[1]
local function now(given)
  if given ~= '' then return tonumber(given) end
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- The two parts of an integer: high * 1e9 + low. Short ones need no high part.
local function parts(text)
  local n = #text
  if n < 14 then return 0, tonumber(text) end
  local high, low = tonumber(sub(text, 1, n - 9)), tonumber(sub(text, n - 8))
  if high < 0 or sub(text, 1, 1) == '-' then low = -low end
  return high, low
end
local function whole(high, low)
  if high == 0 then return format('%d', low) end
  local rest = low % 1e9
  high, low = high + (low - rest) / 1e9, rest
  if high < 0 and low > 0 then
    high, low = high + 1, 1e9 - low
    if high == 0 then return format('-%d', low) end
  end
  if high == 0 then return format('%d', low) end
  return format('%d%09d', high, low)
end
local function sum(one, other)
  local high, low = parts(one)
  local h, l = parts(other)
  return whole(high + h, low + l)
end
local function difference(one, other)
  local high, low = parts(one)
  local h, l = parts(other)
  return whole(high - h, low - l)
end
local function spentAndReserved(value)
  local space = string.find(value, ' ', 1, true)
  return sub(value, 1, space - 1), sub(value, space + 1)
end
-- More than Lua can pass at once goes in pieces.
local function load(keys)
  if #keys <= 1000 then return call('MGET', unpack(keys)) end
  local found = {}
  for first = 1, #keys, 1000 do
    for _, value in ipairs(call('MGET', unpack(keys, first, math.min(first + 999, #keys)))) do
      found[#found + 1] = value
    end
  end
  return found
end
local function store(pairs)
  for first = 1, #pairs, 1000 do call('MSET', unpack(pairs, first, math.min(first + 999, #pairs))) end
end
`;

/**
 * ARGV: id, ttl, clock, journal, number of claims, then groups of claims that have the same spans: number of spans, claims,
 * and accounts beside each; ends of the spans; ends of their accounts (empty: never); then claim by claim limit (empty:
 * none), amount, whether it shrinks, and span by span the account and those beside it. Answers `<what> <at>`, for a refusal
 * `<by>`, then claim by claim spent, reserved, span and amount.
 */
export const reserve = `${prelude}
local at = now(ARGV[3])
local count, next = tonumber(ARGV[5]), 6
local callKey = tag .. ':c:' .. ARGV[1]
local account = tag .. ':a:'
local keys, claimed, places, picks, ends, steps = { callKey }, {}, {}, {}, {}, {}
local n = 0
while n < count do
  local spans, claims, beside = tonumber(ARGV[next]), tonumber(ARGV[next + 1]), tonumber(ARGV[next + 2])
  local pick = spans
  for j = 1, spans - 1 do
    if at < tonumber(ARGV[next + 2 + j]) then pick = j break end
  end
  local ending = ARGV[next + 2 + spans + pick]
  next = next + 3 + 2 * spans
  for _ = 1, claims do
    n = n + 1
    local place = next + 3 + (pick - 1) * (1 + beside)
    places[n], claimed[n], picks[n], ends[n], steps[n] = next, #keys + 1, pick - 1, ending, beside
    for j = place, place + beside do keys[#keys + 1] = account .. ARGV[j] end
    next = next + 3 + spans * (1 + beside)
  end
end
local found = load(keys)
local known = found[1]
local answer, fresh = { 'reserved', format('%d', at) }, {}
local written, changed = { 'open', answer[2], ARGV[4] }, {}
for i = 1, count do
  local place, key = places[i], claimed[i]
  local value = found[key] or '0 0'
  local limit, amount = ARGV[place], ARGV[place + 1]
  local spent, reserved = spentAndReserved(value)
  if steps[i] > 0 then
    local high, low = parts(spent)
    local h, l = parts(reserved)
    for j = key + 1, key + steps[i] do
      if found[j] then
        local s, r = spentAndReserved(found[j])
        local x, y = parts(s)
        high, low = high + x, low + y
        x, y = parts(r)
        h, l = h + x, l + y
      end
    end
    spent, reserved = whole(high, low), whole(h, l)
    value = spent .. ' ' .. reserved
  end
  if limit ~= '' and amount ~= '0' and not known then
    local high, low = parts(limit)
    local x, y = parts(spent)
    high, low = high - x, low - y
    x, y = parts(reserved)
    high, low = high - x, low - y
    x, y = parts(amount)
    if (high - x) * 1e9 + (low - y) < 0 then
      if ARGV[place + 2] == '1' and high * 1e9 + low > 0 then
        amount = whole(high, low)
      elseif answer[1] == 'reserved' then
        answer[1], answer[2] = 'refused', answer[2] .. ' ' .. i - 1
      end
    end
  end
  answer[3 * i], answer[3 * i + 1], answer[3 * i + 2] = value, picks[i], amount
  if not known then
    key = keys[key]
    written[#written + 1] = sub(key, #account + 1)
    written[#written + 1] = amount
    local before = changed[key]
    if not before then
      if not found[claimed[i]] then fresh[#fresh + 1] = i end
      changed[#changed + 1] = key
      changed[key] = { spentAndReserved(found[claimed[i]] or '0 0') }
      before = changed[key]
    end
    before[2] = sum(before[2], amount)
  end
end
if known then
  known = cmsgpack.unpack(known)
  answer[1], answer[2] = 'known', known[2]
  for i = 1, count do answer[2 + 3 * i] = known[3 + 2 * i] or '0' end
elseif answer[1] == 'reserved' then
  local pairs = { callKey, cmsgpack.pack(written) }
  for _, key in ipairs(changed) do
    pairs[#pairs + 1] = key
    pairs[#pairs + 1] = changed[key][1] .. ' ' .. changed[key][2]
  end
  store(pairs)
  call('ZADD', tag .. ':open', format('%d', at + tonumber(ARGV[2])), ARGV[1])
  for _, i in ipairs(fresh) do
    if ends[i] ~= '' then call('ZADD', tag .. ':ends', ends[i], sub(keys[claimed[i]], #account + 1)) end
  end
end
return table.concat(answer, ' ')
`;

/**
 * ARGV: id, `given` or `settled`, amounts. Answers claim by claim spent and reserved before and after; nil: nothing was
 * changed.
 */
export const settle = `${prelude}
local id, state = ARGV[1], ARGV[2]
local callKey = tag .. ':c:' .. id
local known = call('GET', callKey)
if not known then return false end
local written = cmsgpack.unpack(known)
local was = written[1]
if was == 'settled' or was == state then return false end
local keys = {}
for i = 4, #written, 2 do keys[#keys + 1] = tag .. ':a:' .. written[i] end
local answer = {}
if #keys > 0 then
  local found, changed, pairs = load(keys), {}, {}
  for i, key in ipairs(keys) do
    local amount, old = ARGV[2 + i] or '0', written[3 + 2 * i]
    local value = changed[key] or found[i] or '0 0'
    local spent, reserved = spentAndReserved(value)
    if was == 'open' then
      spent, reserved = sum(spent, amount), difference(reserved, old)
    else
      spent = difference(sum(spent, amount), old)
    end
    local after = spent .. ' ' .. reserved
    changed[key] = after
    answer[i] = value .. ' ' .. after
    pairs[2 * i - 1], pairs[2 * i] = key, after
  end
  store(pairs)
end
local kept = { state, written[2], '' }
if state == 'given' then
  for i = 1, #keys do kept[2 + 2 * i], kept[3 + 2 * i] = written[2 + 2 * i], ARGV[2 + i] or '0' end
end
-- The latest settlement that can still come.
call('SET', callKey, cmsgpack.pack(kept), 'PX', 86400000)
if was == 'open' then call('ZREM', tag .. ':open', id) end
return table.concat(answer, ' ')
`;

/** ARGV: ttl, clock, ids. */
export const renew = `${prelude}
local expires = format('%d', now(ARGV[2]) + tonumber(ARGV[1]))
for i = 3, #ARGV do call('ZADD', tag .. ':open', 'XX', expires, ARGV[i]) end
return 1
`;

/** ARGV: limit, ttl, clock. Forgets accounts that ended long ago, as well. */
export const orphans = `${prelude}
local at = now(ARGV[3])
local present, expires = format('%d', at), format('%d', at + tonumber(ARGV[2]))
local found = {}
for _, id in ipairs(call('ZRANGEBYSCORE', tag .. ':open', '-inf', present, 'LIMIT', 0, ARGV[1])) do
  local known = call('GET', tag .. ':c:' .. id)
  if known then
    call('ZADD', tag .. ':open', expires, id)
    local written = cmsgpack.unpack(known)
    local one = { id, written[2], written[3] }
    for i = 5, #written, 2 do one[#one + 1] = written[i] end
    found[#found + 1] = one
  else
    call('ZREM', tag .. ':open', id)
  end
end
for _, account in ipairs(call('ZRANGEBYSCORE', tag .. ':ends', '-inf', present, 'LIMIT', 0, 200)) do
  call('DEL', tag .. ':a:' .. account)
  call('ZREM', tag .. ':ends', account)
end
return found
`;

/** ARGV: accounts. Answers spent and reserved of each. */
export const balances = `${prelude}
local keys, answer = {}, {}
for i, account in ipairs(ARGV) do keys[i] = tag .. ':a:' .. account end
if #keys == 0 then return '' end
local found = load(keys)
for i = 1, #keys do answer[i] = found[i] or '0 0' end
return table.concat(answer, ' ')
`;

/** ARGV: accounts. */
export const reset = `${prelude}
for _, account in ipairs(ARGV) do
  local key = tag .. ':a:' .. account
  local value = call('GET', key)
  if value then
    local spent, reserved = spentAndReserved(value)
    call('SET', key, '0 ' .. reserved)
  end
end
return 1
`;
