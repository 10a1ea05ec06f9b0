import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interval, Target } from '../../../../exporters/elastic/config.ts';
import { indexFor, patternFor } from '../../../../exporters/elastic/target.ts';

const dated = (interval: Interval): Target => ({ is: 'dated', index: 'audit', interval });

test('the name of an index ends with the time of the event, in UTC', () => {
  const at = Date.UTC(2026, 0, 31, 23, 59, 59, 999);
  assert.equal(indexFor(dated('Day'), at), 'audit-2026-01-31');
  assert.equal(indexFor(dated('Day'), at + 1), 'audit-2026-02-01');
  assert.equal(indexFor(dated('Month'), at), 'audit-2026-01');
  assert.equal(indexFor(dated('Year'), at), 'audit-2026');
  assert.equal(indexFor({ is: 'index', index: 'audit' }, at), 'audit');
  assert.equal(indexFor({ is: 'stream', index: 'audit' }, at), 'audit');
});

// Source of the dates: ISO 8601 as `date -u +%G-W%V` prints it.
for (const [year, month, date, expected] of [
  [2024, 11, 30, '2025-w01'],
  [2025, 0, 1, '2025-w01'],
  [2025, 11, 28, '2025-w52'],
  [2025, 11, 29, '2026-w01'],
  [2026, 11, 31, '2026-w53'],
  [2027, 0, 3, '2026-w53'],
  [2027, 0, 4, '2027-w01'],
  [2023, 0, 1, '2022-w52'],
] as const) {
  test(`the week of ${year}-${month + 1}-${date} is ${expected}`, () => {
    assert.equal(indexFor(dated('Week'), Date.UTC(year, month, date, 12)), `audit-${expected}`);
  });
}

test('a time that cannot be right makes no index of its own, and never throws', () => {
  for (const at of [Number.NaN, Number.NEGATIVE_INFINITY, -1, 0, 12.5])
    assert.equal(indexFor(dated('Day'), at), 'audit-2000-01-03');
  for (const at of [Number.POSITIVE_INFINITY, 1e300, Number.MAX_SAFE_INTEGER])
    assert.equal(indexFor(dated('Day'), at), 'audit-2099-12-31');
});

test('the template is for the indices that events go to', () => {
  for (const interval of ['Day', 'Week', 'Month', 'Year'] as const) {
    const [stem] = patternFor(dated(interval)).split('*');
    for (const at of [0, Date.now(), 1e300]) assert.ok(indexFor(dated(interval), at).startsWith(stem ?? '?'));
  }
  assert.equal(patternFor({ is: 'stream', index: 'audit' }), 'audit');
});
