import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { bodyOf, bulks, isObject, itemsOf } from '../../../../exporters/elastic/bulk.ts';
import { range, stored } from '../given.ts';

const bounds = { mostEvents: 1000, mostBytes: 1e6 };
const all = (records: readonly unknown[]): number[] => [...records.keys()];

test('each event is two lines: create under its id, and its own text unchanged', () => {
  const records = [stored(1, { text: 'é"\\' }), stored(2)];
  const [bulk] = bulks(records, all(records), () => 'audit', bounds);
  assert.deepEqual(bulk?.lines.split('\n'), [
    '{"create":{"_index":"audit","_id":"event-000001"}}',
    records[0]?.body,
    '{"create":{"_index":"audit","_id":"event-000002"}}',
    records[1]?.body,
    '',
  ]);
});

test('an id with quotes or line breaks is no way to write lines of one’s own', () => {
  const record = { ...stored(1), id: '"}}\n{"delete":{"_index":"audit"}}\n' };
  const [bulk] = bulks([record], [0], () => 'audit', bounds);
  const lines = (bulk?.lines ?? '').split('\n');
  assert.equal(lines.length, 3);
  assert.equal(JSON.parse(lines[0] ?? '').create._id, record.id);
});

test('requests are cut by bytes and by number, in order, and one that is too large travels alone', () => {
  const records = range(1, 10).map((seq) => stored(seq, { text: 'é'.repeat(seq === 5 ? 1000 : 50) }));
  const cut = bulks(records, all(records), () => 'audit', { mostEvents: 3, mostBytes: 1000 });
  assert.deepEqual(
    cut.map(({ places }) => places),
    [[0, 1, 2], [3], [4], [5, 6, 7], [8, 9]],
  );
  for (const { lines, places } of cut) assert.ok(places.length === 1 || Buffer.byteLength(lines) <= 1000);
});

test('compressed or not, the lines are the same', async () => {
  const [bulk] = bulks([stored(1)], [0], () => 'audit', bounds);
  assert.ok(bulk);
  const zipped = await bodyOf(bulk, true);
  assert.equal(gunzipSync(zipped.body).toString(), bulk.lines);
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.deepEqual(await bodyOf(bulk, false), {
    body: bulk.lines,
    headers: { 'content-type': 'application/x-ndjson' },
  });
});

test('an answer counts only when it has an item for every event', () => {
  const answer = (items: unknown): Buffer => Buffer.from(JSON.stringify({ items }));
  const taken = { create: { status: 201 } };
  assert.deepEqual(itemsOf(answer([taken, taken]), 2), [{ status: 201 }, { status: 201 }]);
  for (const items of [
    [taken],
    [taken, taken, taken],
    [taken, { index: { status: 201 } }],
    [taken, null],
    'x',
    null,
    [taken, { create: { status: '201' } }],
    [taken, { create: { status: 0 } }],
  ])
    assert.equal(itemsOf(answer(items), 2), null);
  assert.equal(itemsOf(Buffer.from('{"items":['), 0), null);
  assert.equal(itemsOf(Buffer.from(''), 0), null);
});

test('only a JSON object can be a document', () => {
  for (const body of ['{}', ' \n{"a":1}']) assert.equal(isObject({ body }), true);
  for (const body of ['[{}]', '"{"', 'null', '5', '']) assert.equal(isObject({ body }), false);
});
