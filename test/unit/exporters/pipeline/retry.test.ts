import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelay, longestRetryAfter, retryAfter } from '../../../../exporters/pipeline/retry.ts';

const backoff = { min: 500, max: 60_000 };

test('the wait is random below a bound that doubles with each failure up to the maximum', () => {
  const bounds = [1, 2, 3, 7, 8, 1000].map((failures) => backoffDelay(failures, backoff, () => 0.999999));
  assert.deepEqual(bounds, [500, 1000, 2000, 32_000, 60_000, 60_000]);
  assert.equal(
    backoffDelay(5, backoff, () => 0),
    0,
  );
});

test('Retry-After is read as seconds or as a date, capped, and ignored when it is neither', () => {
  const now = Date.parse('2026-01-31T10:00:00Z');
  assert.equal(retryAfter('7', now), 7_000);
  assert.equal(retryAfter('Sat, 31 Jan 2026 10:00:30 GMT', now), 30_000);
  assert.equal(retryAfter('Sat, 31 Jan 2026 09:00:00 GMT', now), 0);
  assert.equal(retryAfter('86400', now), longestRetryAfter);
  for (const header of [undefined, '', 'soon', '-5x']) assert.equal(retryAfter(header, now), null);
});
