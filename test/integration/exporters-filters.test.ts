/** Filters and projections in the delivery: what is sent, what becomes a dead letter, what the operator is told. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDelivery } from '../../exporters/delivery/open.ts';
import { diskFolder, record } from '../unit/exporters/given.ts';

const parsed = (file: string): { readonly [key: string]: unknown }[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('of what its filter takes, a destination gets the projection, and a rule without effect is told in the log', async (t) => {
  // given
  const dir = diskFolder(t);
  const path = join(dir, 'events.ndjson');
  const lines: unknown[] = [];
  const secret = ['hidden', 'value'].join('-');
  const delivery = await openDelivery({
    dir,
    exporters: [
      {
        type: 'file',
        id: 'f',
        config: { path },
        delivery: { filter_language: 'extended' },
        filtering: { include: [{ 'usage.tokens': { $gt: 1, $lt: 9 } }, { error: { $like: 'x' } }] },
        projection: { '@id': true, words: { $jq: '.text|length' }, tag: { $at: 'tags.0' } },
      },
    ],
    log: (line) => lines.push(line),
  });
  t.after(() => delivery.close(0));

  // when
  await delivery.accept(record(1, { usage: { tokens: 5 }, text: 'three', tags: ['a'], apikey: secret }));
  await delivery.accept(record(2, { usage: { tokens: 50 } }));
  await delivery.accept(record(3, { usage: { tokens: 6 }, text: 'x', tags: { 0: 'b' }, apikey: secret }));
  await delivery.accept(record(4, { usage: { tokens: 7 }, text: 'x', tags: [] }));
  assert.equal(await delivery.drained(20_000), true);

  // then
  assert.deepEqual(parsed(path), [
    { '@id': record(1).id, words: 5, tag: 'a' },
    { '@id': record(3).id, words: 1, tag: 'b' },
    { '@id': record(4).id, words: 1, tag: null },
  ]);
  assert.ok(!readFileSync(path, 'utf8').includes(secret));
  assert.partialDeepStrictEqual(await delivery.stats(), {
    exporters: [{ delivered: 3, filtered: 1, dead_lettered: 0 }],
  });
  assert.partialDeepStrictEqual(lines, [
    { level: 'warn', msg: 'filtering.include[1].error.$like never matches: there is no such operator', exporter: 'f' },
  ]);
});

test('an event whose projection fails is a dead letter with its reason, whole, and is not sent', async (t) => {
  const dir = diskFolder(t);
  const path = join(dir, 'events.ndjson');
  const exporter = { type: 'file', id: 'f', config: { path }, projection: { tag: { $at: 'tags.first' } } };
  const delivery = await openDelivery({ dir, exporters: [exporter] });
  t.after(() => delivery.close(0));
  const failing = record(1, { tags: ['a'] });
  await delivery.accept(failing);
  await delivery.accept(record(2, { tags: { first: 'b' } }));
  assert.equal(await delivery.drained(20_000), true);
  assert.deepEqual(parsed(path), [{ tag: 'b' }]);
  const letters = join(dir, 'dead-letters');
  const [letter] = readdirSync(letters).flatMap((name) => parsed(join(letters, name)));
  assert.partialDeepStrictEqual(letter, {
    exporter: 'f',
    reason: 'the projection failed: projection.tag.$at: a step that is no number stands at an array',
    id: failing.id,
    body: failing.body,
  });
});
