import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import { eventually, folder, range, record } from '../given.ts';
import { file, ids, idsOf, opened, options, sink, webhook } from './given.ts';

/** Until it is released, no cursor can be written: as on a disk that fails. */
const failingCursors = (t: TestContext): { release(): void } => {
  const { run } = StatementSync.prototype;
  const failing = function (this: StatementSync, ...values: Parameters<StatementSync['run']>) {
    if (this.sourceSQL.includes('INTO cursor')) throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
    return run.apply(this, values);
  };
  const mocked = t.mock.method(StatementSync.prototype, 'run', failing as StatementSync['run']);
  return { release: () => mocked.mock.restore() };
};

test('an exporter that is changed while no cursor can be written goes on, and so do the others', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'f'), file(dir, 'g')]));
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(5_000), true);
  const failure = failingCursors(t);
  outbox.append([record(2)]);
  assert.equal(await outbox.drained(5_000), true);
  await outbox.readers.configure([file(dir, 'f', { groupSize: 7 }), file(dir, 'g'), file(dir, 'new')]);
  outbox.append([record(3)]);
  await eventually(() => ids(dir, 'f').length === 3 && ids(dir, 'g').length === 3 && ids(dir, 'new').length === 1);
  failure.release();
  assert.equal((await outbox.recount()).holds, true);
});

test('a pause and a rewind hold although no cursor could be written when they were asked for', async (t) => {
  const dir = folder(t);
  const settings = options(dir, [file(dir, 'f'), file(dir, 'g')], { keep: 3_600_000 });
  const outbox = await opened(t, settings);
  outbox.append(range(1, 5).map((number) => record(number)));
  assert.equal(await outbox.drained(5_000), true);
  const failure = failingCursors(t);
  outbox.append([record(6)]);
  assert.equal(await outbox.drained(5_000), true);
  await outbox.readers.pause('f');
  await outbox.readers.rewind('f', 0);
  await outbox.readers.pause('g');
  failure.release();
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // the cursors are saved once a second
  assert.partialDeepStrictEqual(outbox.readers.stats, [
    { state: 'paused', pending: 6, accepted: 12, delivered: 6 },
    { state: 'paused', pending: 0, delivered: 6 },
  ]);
  await outbox.close(0);
  const again = await opened(t, settings);
  assert.partialDeepStrictEqual(again.readers.stats, [
    { state: 'paused', pending: 6 },
    { state: 'paused', pending: 0 },
  ]);
  await again.readers.resume('f');
  assert.equal(await again.drained(5_000), true);
  assert.deepEqual(ids(dir, 'f'), idsOf([...range(1, 6), ...range(1, 6)]));
});

const large = (number: number) => record(number, { text: 'x'.repeat(20_000) });

test('what a full spool drops is counted at once for an exporter that is paused, or that cannot be opened', async (t) => {
  const dir = folder(t);
  const broken: ExporterConfig = { type: 'no-such-kind', id: 'w', config: {} };
  const outbox = await opened(t, options(dir, [file(dir, 'f'), broken], { maxBytes: 1_000_000 }));
  await outbox.readers.pause('f');
  for (const number of range(1, 100)) outbox.append([large(number)]);
  const gone = outbox.stats().spool.oldest_seq - 1;
  assert.ok(gone > 0);
  assert.partialDeepStrictEqual(outbox.readers.stats, [
    { id: 'f', dropped: gone, pending: 100 - gone },
    { id: 'w', dropped: gone, pending: 100 - gone },
  ]);
  assert.equal((await outbox.recount()).holds, true);
  await outbox.readers.configure([file(dir, 'f')]);
  await outbox.readers.resume('f');
  assert.equal(await outbox.drained(5_000), true);
  assert.deepEqual(ids(dir, 'f'), idsOf(range(gone + 1, 100)));
});

test('the audit blames nobody for what was settled and deleted while it read', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'f')], { maxBytes: 14_000_000 }));
  await outbox.readers.pause('f');
  for (const group of range(0, 29)) outbox.append(range(group * 20 + 1, group * 20 + 20).map(large));
  const counting = outbox.recount(); // has read the first 4 MiB
  for (const group of range(30, 49)) outbox.append(range(group * 20 + 1, group * 20 + 20).map(large));
  assert.ok(outbox.stats().spool.oldest_seq > 300, 'what it will read next is gone');
  assert.equal((await counting).holds, true);
});

test('the audit blames nobody for what a disabled exporter let go', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'f', { enabled: false }), file(dir, 'g')]));
  for (const number of range(1, 50)) outbox.append([large(number)]);
  assert.equal(await outbox.drained(5_000), true);
  assert.ok(outbox.stats().spool.oldest_seq > 1);
  assert.equal((await outbox.recount()).holds, true);
});

test('a close in the middle of a replay is not held up by it, and every letter that was not taken is still there', async (t) => {
  const dir = folder(t);
  const first = await opened(t, options(dir, [file(dir, 'w')]));
  const letter = (number: number) => ({ ...record(number), exporter: 'w', reason: 'refused', attempts: 1 });
  first.deadLetters.append(range(1, 3_000).map(letter));
  const asked = Promise.withResolvers<void>();
  const silent = Promise.withResolvers<number>();
  let batches = 0;
  const { url, taken } = await sink(t, () => {
    if (batches++ < 3) return 200;
    asked.resolve();
    return silent.promise;
  });
  t.after(() => silent.resolve(503));
  await first.readers.configure([webhook(url)]);
  const replaying = first.replay({});
  await asked.promise;
  await first.close(0);
  const { delivered, skipped } = await replaying;
  assert.equal(delivered, taken.length);
  assert.ok(skipped > 0);
  const again = await opened(t, options(dir, [webhook(url, { enabled: false })]));
  assert.partialDeepStrictEqual(again.readers.stats, [{ again: delivered, delivered, pending: 0 }]);
  assert.deepEqual([...(await again.deadLetters.count())], [['w', 3_000 - delivered]]);
});

test('letters are purged and offered again at once, while others are written: none is lost, none is there twice', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'w')]));
  const letter = (number: number) => ({
    ...record(number),
    exporter: number % 2 ? 'w' : 'gone',
    reason: 'no',
    attempts: 1,
  });
  outbox.deadLetters.append(range(1, 1_000).map(letter));
  const all = [outbox.replay({}), outbox.purge({ ids: idsOf([2, 4]) }), outbox.replay({}), outbox.recount()];
  for (const number of range(1_001, 1_100)) {
    outbox.deadLetters.append([letter(number)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  await outbox.replay({});
  assert.deepEqual(new Set(ids(dir, 'w')), new Set(idsOf(range(1, 1_100).filter((number) => number % 2 === 1))));
  assert.equal(ids(dir, 'w').length, 550);
  assert.deepEqual([...(await outbox.deadLetters.count())], [['gone', 548]]);
});

test('nothing is called drained while an enabled exporter cannot be opened', async (t) => {
  const dir = folder(t);
  const broken: ExporterConfig = { type: 'no-such-kind', id: 'w', config: {} };
  const outbox = await opened(t, options(dir, [file(dir, 'f'), broken]));
  assert.equal(await outbox.drained(50), true, 'nothing was accepted yet');
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(200), false);
  await outbox.readers.configure([file(dir, 'f'), { ...broken, enabled: false }]);
  assert.equal(await outbox.drained(200), true);
});

test('many exporters that wait for a very large event are looked at without reading it for each', async (t) => {
  const dir = folder(t);
  const down = range(1, 60).map((number) => webhook('http://127.0.0.1:9/', { id: `w${number}`, enabled: false }));
  const outbox = await opened(t, options(dir, down, { segmentBytes: 1e8 }));
  outbox.append([record(1, { text: 'x'.repeat(8_000_000) })]);
  const begun = performance.now();
  const { exporters } = outbox.stats();
  const took = performance.now() - begun;
  assert.equal(exporters[59]?.oldest_pending_at, new Date(record(1).at).toISOString());
  assert.ok(took < 300, `${took} ms`);
});

test('an event from a time that no calendar has keeps nobody from looking', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'f', { enabled: false })]));
  outbox.append([{ ...record(1), at: 9e15 }]);
  assert.partialDeepStrictEqual(outbox.stats().exporters, [{ pending: 1, oldest_pending_at: null }]);
});

test('an event whose text has changed on the disk is not delivered by a replay of the dead letters either', async (t) => {
  const dir = folder(t);
  const { url, taken } = await sink(t, () => 200);
  const disabled = webhook(url, { enabled: false, delivery: { keep_when_disabled: true } });
  const first = await opened(t, options(dir, [disabled]));
  first.append([record(1), record(2)]);
  await first.close(0);
  const spool = new DatabaseSync(join(dir, 'spool', '000001.db'));
  spool.exec(`UPDATE event SET body = replace(body, 'LLMUsageAudit', 'LLMUsageLie') WHERE seq = 1`);
  spool.close();

  const second = await opened(t, options(dir, [webhook(url)]));
  assert.equal(await second.drained(5_000), true);
  assert.deepEqual(taken, idsOf([2]));
  assert.deepEqual(await second.replay({}), { replayed: 0, delivered: 0, failed: 0, skipped: 1 });
  assert.deepEqual(taken, idsOf([2]));
  assert.equal(await second.purge({}), 1);
});
