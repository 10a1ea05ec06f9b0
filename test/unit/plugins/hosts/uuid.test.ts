import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidv7 } from '../../../../plugins/hosts/uuidv7.ts';

test('ids are UUIDs of version 7, unique, and rise in the order in which they were made', () => {
  const ids = Array.from({ length: 50_000 }, uuidv7);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids, ids.toSorted());
  for (const id of ids.slice(0, 1000))
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const time = Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16);
  assert.ok(Math.abs(Date.now() - time) < 60_000);
});
