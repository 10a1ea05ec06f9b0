import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Budget } from '../../../../plugins/budgets/budget.ts';
import { matcher } from '../../../../plugins/budgets/matching.ts';
import { parseExactly } from '../../../../server/budgets/exact.ts';
import { checkBudget } from '../../../../server/budgets/live.ts';
import { keyOf } from '../../../../server/config/problem.ts';
import { facts } from '../../../support/budgets.ts';

const check = (written: object) => checkBudget({ id: 'b', limits: { total_usd: '1' }, ...structuredClone(written) });

const read = (written: object): { budget: Budget; warnings: readonly string[] } => {
  const result = check(written);
  if ('problems' in result)
    assert.fail(result.problems.map(({ path, message }) => `${keyOf(path)}: ${message}`).join('\n'));
  return result.checked;
};

const problems = (written: object): string[] => {
  const result = check(written);
  if ('checked' in result) assert.fail('the budget was accepted');
  return result.problems.map(({ path, message }) => `${keyOf(path)}: ${message}`);
};

const matches = (budget: Budget, change: Parameters<typeof facts>[0]): boolean =>
  matcher([budget]).matching(facts(change), 0).length > 0;

/** As Otoroshi's own template makes it. */
const otoroshi = {
  _loc: { tenant: 'default', teams: ['default'] },
  id: 'budget_1',
  name: 'Team A!',
  description: 'new budget',
  metadata: {},
  tags: [],
  enabled: true,
  start_at: '2026-01-01T00:00:00.000+01:00',
  end_at: '2027-01-01T00:00:00.000+01:00',
  duration: { value: 30, unit: 'day' },
  limits: { total_tokens: 10000000, total_usd: 200, image_usd: -1, ocr_pages: 0 },
  scope: {
    extract_from_apikey_meta: true,
    extract_from_apikey_group_meta: false,
    extract_from_user_meta: false,
    extract_from_user_auth_module_meta: false,
    extract_from_provider_meta: false,
    apikeys: ['team-a'],
    users: [],
    groups: [],
    providers: [],
    models: ['gpt-4.*'],
    always_apply_rules: false,
    rules: [],
    rules_match_mode: 'all',
  },
  action_on_exceed: {
    mode: 'soft',
    alert_on_exceed: true,
    alert_on_almost_exceed: true,
    alert_on_almost_exceed_percentage: 75,
  },
};

test("Otoroshi's budget is understood as it stands: cycles from its start, any of its lists, alerts at its percentages", () => {
  const { budget, warnings } = read(otoroshi);
  assert.deepEqual(warnings, []);
  assert.partialDeepStrictEqual(budget, {
    id: 'budget_1',
    mode: 'soft',
    thresholds: [75, 100],
    startAt: Date.parse('2025-12-31T23:00:00Z'),
    period: { kind: 'cycle', length: 30 * 86_400_000, start: Date.parse('2025-12-31T23:00:00Z') },
    window: '30d',
  });
  assert.deepEqual(
    budget.limits.map(({ operation, unit, amount }) => [operation, unit, amount]),
    [
      [null, 'tokens', 10_000_000n],
      [null, 'usd', 200_000_000_000_000n],
      ['image', 'usd', null],
      ['ocr', 'pages', 0n],
    ],
  );
  const now = Date.parse('2026-06-01T00:00:00Z');
  const find = (change: Parameters<typeof facts>[0]) => matcher([budget]).matching(facts(change), now).length === 1;
  assert.ok(find({ apikey: 'team-a' }));
  assert.ok(find({ model: 'gpt-4.1-mini' }));
  assert.ok(find({ metadata: { ai_budget_ref: 'team_a' } }));
  assert.ok(!find({ apikey: 'team-b', model: 'gpt-5' }));
});

test('what of Otoroshi has no meaning here is told: a warning where it is harmless, else an error', () => {
  const { scope } = otoroshi;
  assert.deepEqual(read({ ...otoroshi, scope: { ...scope, extract_from_user_meta: true } }).warnings, [
    'scope.extract_from_user_meta is not supported: only the metadata of API keys name a budget',
  ]);
  assert.deepEqual(problems({ ...otoroshi, scope: { ...scope, rules: [{ path: '$.model', value: 'x' }] } }), [
    'scope.rules: Otoroshi\'s rules are not understood; say it with the lists of the scope, "exclude" and "match"',
  ]);
  // There it limits nothing; here it would limit everybody.
  assert.deepEqual(problems({ ...otoroshi, scope: { extract_from_user_meta: true, apikeys: [] } }), [
    'scope: Otoroshi matches no call with it; name what is meant, or leave the scope out for all calls',
  ]);
  assert.deepEqual(problems({ ...otoroshi, start_at: null }), ['duration: is counted from start_at, which is missing']);
  assert.deepEqual(problems({ ...otoroshi, mode: 'block', period: 'month' }), [
    'duration: stands beside period: one of both',
    'mode: stands beside action_on_exceed: one of both',
  ]);
});

test('0 refuses, null and -1 do not limit, every other negative amount is an error', () => {
  const amounts = (limits: object) => read({ limits }).budget.limits.map(({ amount }) => amount);
  assert.deepEqual(amounts({ total_usd: 0, total_tokens: 0 }), [0n, 0n]);
  assert.deepEqual(amounts({ total_usd: null, inference_usd: -1, ocr_usd: '-1', total_requests: -1 }), [
    null,
    null,
    null,
    null,
  ]);
  assert.deepEqual(read({ limits: { total_usd: -1 } }).warnings, ['it has no limit: it counts, and refuses nothing']);
  const most = 'must be US dollars with at most 12 decimals, e.g. "50.00"; -1 and null are no limit';
  assert.deepEqual(problems({ limits: { total_usd: -2 } }), [`limits.total_usd: ${most}`]);
  assert.deepEqual(problems({ limits: { total_tokens: -2 } }), ['limits.total_tokens: must be at least -1']);
  assert.deepEqual(problems({ limits: { total_tokens: 1.5 } }), ['limits.total_tokens: must be integer or null']);
  assert.deepEqual(problems({ limits: {} }), ['limits: must have at least 1 of them']);
});

test('dollars are exact to the last 1e-12, and bounded by what 64 bits hold', () => {
  const [limit] = read(parseExactly('{"limits": {"total_usd": 9199999.123456789012}}') as object).budget.limits;
  assert.equal(limit?.amount, 9_199_999_123_456_789_012n);
  assert.deepEqual(problems({ limits: { total_usd: '9200000.000000000001' } }), [
    'limits.total_usd: must be at most 9200000 dollars; null is no limit',
  ]);
  assert.equal(problems({ limits: { total_usd: '0.0000000000001' } }).length, 1);
  assert.equal(problems(parseExactly('{"limits": {"total_usd": 1e-13}}') as object).length, 1);
});

test('periods of the calendar, of a rolling window, and none', () => {
  const period = (written: unknown) => [
    read({ period: written }).budget.period,
    read({ period: written }).budget.window,
  ];
  assert.deepEqual(period('total'), [{ kind: 'total' }, null]);
  assert.deepEqual(period(undefined), [{ kind: 'total' }, null]);
  assert.deepEqual(period('rolling 24h'), [{ kind: 'rolling', length: 86_400_000 }, 'rolling 24h']);
  assert.deepEqual(period({ unit: 'week', zone: 'Asia/Tokyo', week_start: 'sunday' }), [
    { kind: 'calendar', unit: 'week', zone: 'Asia/Tokyo', anchorDay: 1, weekStart: 7, fiscalMonth: 1 },
    'week',
  ]);
  assert.deepEqual(period({ unit: 'quarter', anchor_day: 31, fiscal_month: 4 }), [
    { kind: 'calendar', unit: 'quarter', zone: 'UTC', anchorDay: 31, weekStart: 1, fiscalMonth: 4 },
    'quarter',
  ]);
});

test('a setting that would change nothing is an error: it was meant to', () => {
  const told: [object, string][] = [
    [{ period: { unit: 'day', anchor_day: 2 } }, 'period.anchor_day: is for the units month, quarter and year'],
    [{ period: { unit: 'month', week_start: 'sunday' } }, 'period.week_start: is for the unit week'],
    [{ period: { unit: 'month', fiscal_month: 4 } }, 'period.fiscal_month: is for the units quarter and year'],
    [
      { period: { unit: 'day', zone: 'Europe/Pari' } },
      'period.zone: is no time zone; accepted: IANA names as in Europe/Paris, UTC',
    ],
    [{ period: 'rolling 90s' }, 'period: must roll over whole minutes, 1m to 366d'],
    [{ period: 'rolling 400d' }, 'period: must roll over whole minutes, 1m to 366d'],
    [
      { start_at: '2026-02-31' },
      'start_at: must be a day or a time with its offset: 2026-01-01, 2026-01-01T00:00:00+01:00',
    ],
    [
      { end_at: '2026-01-01T00:00:00' },
      'end_at: must be a day or a time with its offset: 2026-01-01, 2026-01-01T00:00:00+01:00',
    ],
    [{ start_at: '2026-02-01', end_at: '2026-02-01' }, 'end_at: must be later than start_at'],
    [{ id: 'a\u001b[2J' }, 'id: must be text without control characters'],
    [{ apikeys: ['a'], scope: { apikeys: ['b'] } }, 'apikeys: stands here and in scope.apikeys: one of both'],
    [{ scope: { metadata: { team: [] } } }, 'scope.metadata.team: is empty: no call would have it'],
  ];
  for (const [written, message] of told) assert.deepEqual(problems(written), [message]);
});

test('several lists need a word on whether all or any must match', () => {
  const lists = { apikeys: ['a'], models: ['m'] };
  const [told = ''] = problems({ scope: lists });
  assert.match(told, /^scope\.match: several lists are given: say "all"/);
  const all = read({ scope: { ...lists, match: 'all' } }).budget;
  const any = read({ scope: { ...lists, match: 'any' } }).budget;
  assert.deepEqual([matches(all, { apikey: 'a', model: 'm' }), matches(all, { apikey: 'a' })], [true, false]);
  assert.ok(matches(any, { apikey: 'a' }));
});

test('a name is taken as it stands, dots and all; a pattern must match the whole', () => {
  const literal = read({ scope: { models: ['gpt-4.1'] } }).budget;
  assert.deepEqual(literal.scope.include?.models, ['gpt-4.1']);
  assert.ok(!matches(literal, { model: 'gpt-4x1' }));
  const pattern = read({ scope: { models: ['gpt-4.*|o1'] } }).budget;
  assert.deepEqual(
    ['gpt-4o', 'o1', 'o1-mini', 'my-gpt-4'].map((model) => matches(pattern, { model })),
    [true, true, false, false],
  );
  assert.equal(problems({ scope: { models: ['a(b'] } }).length, 1);
  assert.deepEqual(problems({ apikeys: ['x'.repeat(257)] }), ['apikeys[0]: must have at most 256 characters']);
});

test('without a scope every call counts, but for what is excluded', () => {
  const { budget } = read({ scope: { exclude: { providers: ['local'] } } });
  assert.ok(matches(budget, { apikey: 'a', provider: ['openai', 'openai'] }));
  assert.ok(!matches(budget, { provider: ['local', 'openai-compatible'] }));
});

test('what is not said: blocks, alerts at 50, 80 and 100, refuses models without a price, with 429', () => {
  assert.partialDeepStrictEqual(read({}).budget, {
    name: 'b',
    enabled: true,
    mode: 'block',
    thresholds: [50, 80, 100],
    onUnknownPrice: 'block',
    countsCached: true,
    shrinks: false,
    refusal: { status: 429, message: null },
    priority: 0,
  });
});

test('no value from outside makes the reader throw', () => {
  for (const value of [
    null,
    5,
    'x',
    [],
    [1],
    { id: 1 },
    { id: 'a', limits: null },
    { id: 'a', limits: { total_usd: {} } },
  ])
    assert.ok('problems' in checkBudget(value));
});
