import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, milliseconds } from '../../../exporters/units.ts';

test('durations and sizes are read in every unit, and plain numbers are taken as they are', () => {
  assert.deepEqual(
    ['500ms', '30s', '2m', '1.5h', '1d', 250].map(milliseconds),
    [500, 30_000, 120_000, 5_400_000, 86_400_000, 250],
  );
  assert.deepEqual(['512B', '64KiB', '1MiB', '10GiB', 7].map(bytes), [512, 65_536, 1_048_576, 10_737_418_240, 7]);
});

test('what is no duration or size is refused with what would be one', () => {
  for (const text of ['30', '30 s', 's', '-1s', '1w', '1KiB', ''])
    assert.throws(() => milliseconds(text), /not a duration like 500ms/);
  for (const text of ['1MB', '1', 'MiB', '1s', '1 MiB']) assert.throws(() => bytes(text), /not a size like 512B/);
});
