import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CalendarUnit, type Period, rollingSteps, spansAround } from '../../../../plugins/budgets/period.ts';

const calendar = (
  unit: CalendarUnit,
  zone = 'UTC',
  change: Partial<Extract<Period, { kind: 'calendar' }>> = {},
): Period => ({ kind: 'calendar', unit, zone, anchorDay: 1, weekStart: 1, fiscalMonth: 1, ...change });

const bounds = (period: Period, at: string): string[] => {
  const [, { from, until }] = spansAround(period, Date.parse(at));
  return [from, until].map((moment) => new Date(moment).toISOString().replace('.000Z', 'Z'));
};
const hour = 3_600_000;
const hours = (period: Period, at: string): number => {
  const [, { from, until }] = spansAround(period, Date.parse(at));
  return (until - from) / hour;
};

test('a month begins at midnight of its own zone', () => {
  assert.deepEqual(bounds(calendar('month', 'Asia/Tokyo'), '2026-11-30T15:00:00Z'), [
    '2026-11-30T15:00:00Z',
    '2026-12-31T15:00:00Z',
  ]);
  assert.deepEqual(bounds(calendar('month', 'Asia/Tokyo'), '2026-11-30T14:59:59Z'), [
    '2026-10-31T15:00:00Z',
    '2026-11-30T15:00:00Z',
  ]);
});

test('a month with anchor day 31 begins on the last day of a shorter one, 29 February included', () => {
  const period = calendar('month', 'UTC', { anchorDay: 31 });
  assert.deepEqual(bounds(period, '2024-02-28T12:00:00Z'), ['2024-01-31T00:00:00Z', '2024-02-29T00:00:00Z']);
  assert.deepEqual(bounds(period, '2024-02-29T12:00:00Z'), ['2024-02-29T00:00:00Z', '2024-03-31T00:00:00Z']);
  assert.deepEqual(bounds(period, '2026-02-28T00:00:00Z'), ['2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z']);
  assert.deepEqual(bounds(period, '2026-04-30T00:00:00Z'), ['2026-04-30T00:00:00Z', '2026-05-31T00:00:00Z']);
});

test('a year that begins on 29 February begins on the 28th where there is none', () => {
  const period = calendar('year', 'UTC', { anchorDay: 29, fiscalMonth: 2 });
  assert.deepEqual(bounds(period, '2024-03-01T00:00:00Z'), ['2024-02-29T00:00:00Z', '2025-02-28T00:00:00Z']);
});

test('quarters and years count from the fiscal month', () => {
  assert.deepEqual(bounds(calendar('quarter'), '2026-12-31T23:59:59Z'), [
    '2026-10-01T00:00:00Z',
    '2027-01-01T00:00:00Z',
  ]);
  const fiscal = { fiscalMonth: 2 };
  assert.deepEqual(bounds(calendar('quarter', 'UTC', fiscal), '2027-01-31T23:59:59Z'), [
    '2026-11-01T00:00:00Z',
    '2027-02-01T00:00:00Z',
  ]);
  assert.deepEqual(bounds(calendar('year', 'UTC', { fiscalMonth: 4, anchorDay: 6 }), '2026-04-05T23:59:59Z'), [
    '2025-04-06T00:00:00Z',
    '2026-04-06T00:00:00Z',
  ]);
});

test('a week begins on the day that is said', () => {
  assert.deepEqual(bounds(calendar('week'), '2026-11-22T23:59:59Z'), ['2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z']);
  assert.deepEqual(bounds(calendar('week', 'UTC', { weekStart: 7 }), '2026-11-22T00:00:00Z'), [
    '2026-11-22T00:00:00Z',
    '2026-11-29T00:00:00Z',
  ]);
});

test('the day on which the clocks change has 23 or 25 hours', () => {
  assert.equal(hours(calendar('day', 'Europe/Paris'), '2026-03-29T10:00:00Z'), 23);
  assert.equal(hours(calendar('day', 'Europe/Paris'), '2026-10-25T10:00:00Z'), 25);
  assert.equal(hours(calendar('day', 'America/New_York'), '2026-03-08T10:00:00Z'), 23);
  assert.equal(hours(calendar('day', 'America/New_York'), '2026-11-01T10:00:00Z'), 25);
  assert.equal(hours(calendar('day', 'Asia/Tokyo'), '2026-03-29T10:00:00Z'), 24);
});

test('where the clocks skip midnight, the day begins with its first moment', () => {
  assert.deepEqual(bounds(calendar('day', 'America/Sao_Paulo'), '2018-11-04T12:00:00Z'), [
    '2018-11-04T03:00:00Z',
    '2018-11-05T02:00:00Z',
  ]);
});

test('both hours that a clock shows twice are hours of their own', () => {
  const period = calendar('hour', 'Europe/Paris');
  assert.deepEqual(bounds(period, '2026-10-25T00:30:00Z'), ['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z']);
  assert.deepEqual(bounds(period, '2026-10-25T01:30:00Z'), ['2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z']);
  assert.deepEqual(bounds(calendar('hour', 'Asia/Kolkata'), '2026-11-21T00:45:00Z'), [
    '2026-11-21T00:30:00Z',
    '2026-11-21T01:30:00Z',
  ]);
});

test('a cycle counts slices of its length from its start', () => {
  const period: Period = { kind: 'cycle', length: 30 * 24 * hour, start: Date.parse('2026-01-10T08:00:00Z') };
  assert.deepEqual(bounds(period, '2026-02-09T07:59:59Z'), ['2026-01-10T08:00:00Z', '2026-02-09T08:00:00Z']);
  assert.deepEqual(bounds(period, '2026-02-09T08:00:00Z'), ['2026-02-09T08:00:00Z', '2026-03-11T08:00:00Z']);
});

test('a total never begins anew', () => {
  const [before, now, after] = spansAround({ kind: 'total' }, Date.parse('2026-11-21T00:00:00Z'));
  assert.deepEqual([before, after], [now, now]);
});

const zones = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Australia/Adelaide',
  'Pacific/Apia',
];
const periods = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    unit: fc.constantFrom<CalendarUnit>('hour', 'day', 'week', 'month', 'quarter', 'year'),
    zone: fc.constantFrom(...zones),
    anchorDay: fc.integer({ min: 1, max: 31 }),
    weekStart: fc.integer({ min: 1, max: 7 }),
    fiscalMonth: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('rolling' as const),
    length: fc.integer({ min: rollingSteps, max: 400 }).map((n) => n * hour),
  }),
);

test('periods follow on each other without gap or overlap, and every moment lies in its own', () => {
  const moments = fc.integer({ min: Date.parse('2011-01-01'), max: Date.parse('2037-12-31') });
  fc.assert(
    fc.property(periods, moments, (period, at) => {
      const [before, now, after] = spansAround(period, at);
      assert.ok(now.from <= at && at < now.until);
      assert.equal(before.until, now.from);
      assert.equal(now.until, after.from);
      assert.deepEqual(spansAround(period, now.from)[1], now);
      assert.deepEqual(spansAround(period, now.until - 1)[1], now);
      assert.deepEqual(spansAround(period, after.from)[0], now);
    }),
    { numRuns: 2_000 },
  );
});
