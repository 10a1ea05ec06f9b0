import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch } from '../../../../exporters/pipeline/batch.ts';
import { stored } from '../given.ts';

const seqs = (records: { seq: number }[] | null): number[] | null => records?.map(({ seq }) => seq) ?? null;

test('a batch is complete with its last record by count', () => {
  const batch = new Batch({ count: 3, bytes: 1e6, age: 1000 });
  assert.deepEqual(
    [1, 2, 3, 4].map((seq) => seqs(batch.add(stored(seq), 0))),
    [null, null, [1, 2, 3], null],
  );
  assert.deepEqual(seqs(batch.take()), [4]);
  assert.equal(batch.isEmpty, true);
});

test('a record that would make it too large stays behind, and one that is too large travels alone', () => {
  const batch = new Batch({ count: 100, bytes: 1000, age: 1000 });
  assert.equal(batch.add(stored(1, { text: 'x'.repeat(500) }), 0), null);
  assert.deepEqual(seqs(batch.add(stored(2, { text: 'x'.repeat(500) }), 0)), [1]);
  assert.deepEqual(seqs(batch.add(stored(3, { text: 'x'.repeat(5000) }), 0)), [2]);
  assert.deepEqual(seqs(batch.take()), [3]);
});

test('its age counts from its first record', () => {
  const batch = new Batch({ count: 100, bytes: 1e6, age: 1000 });
  assert.equal(batch.due, Number.POSITIVE_INFINITY);
  batch.add(stored(1), 50);
  batch.add(stored(2), 900);
  assert.equal(batch.due, 1050);
});
