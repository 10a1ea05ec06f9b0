import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Stored } from '../../../../exporters/spool/record.ts';
import { Spool, type SpoolOptions } from '../../../../exporters/spool/spool.ts';
import { folder, logbook, range, record } from '../given.ts';

const options = (path: string, more: Partial<SpoolOptions> = {}): SpoolOptions => ({
  folder: path,
  maxBytes: 1e9,
  segmentBytes: 150_000,
  onFull: 'drop_oldest',
  lastSeq: 0,
  log: () => {},
  keep: 0,
  passed: () => 0,
  now: Date.now,
  beforeDrop: () => {},
  ...more,
});

const readAll = (spool: Spool, after = 0): Stored[] => {
  const all: Stored[] = [];
  for (let at = after; ; at = all.at(-1)?.seq ?? at) {
    const more = spool.read(at, 7, 1e6);
    if (more.length === 0) return all;
    all.push(...more);
  }
};

const files = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith('.db'))
    .sort();

test('records come back in order, as they were, across files and restarts', (t) => {
  const path = folder(t);
  const records = range(1, 200).map((number) => record(number, { text: 'é日😀\n'.repeat(200) }));
  const spool = new Spool(options(path));
  for (let from = 0; from < 200; from += 10)
    assert.deepEqual(spool.append(records.slice(from, from + 10)), { is: 'stored', added: 10 });
  assert.ok(spool.segments > 3);
  const expected = records.map((one, index) => ({ seq: index + 1, ...one }));
  assert.deepEqual(readAll(spool), expected);
  spool.close();
  const again = new Spool(options(path));
  assert.deepEqual(readAll(again), expected);
  assert.equal(again.lastSeq, 200);
  again.close();
});

test('an id that comes twice is one record, in the same group, later, in another file, and after a restart', (t) => {
  const path = folder(t);
  const spool = new Spool(options(path));
  assert.deepEqual(spool.append([record(1), record(1), record(2)]), { is: 'stored', added: 2 });
  assert.deepEqual(spool.append([{ ...record(2), body: '"another"' }]), { is: 'stored', added: 0 });
  while (spool.segments < 3) spool.append([record(spool.lastSeq + 1, { text: 'x'.repeat(20_000) })]);
  assert.deepEqual(spool.append([record(1), record(2)]), { is: 'stored', added: 0 });
  spool.close();
  const again = new Spool(options(path));
  assert.deepEqual(again.append([record(1)]), { is: 'stored', added: 0 });
  assert.equal(readAll(again)[1]?.body, record(2).body);
  again.close();
});

test('a file goes when all of it is released, and its numbers are not used again', (t) => {
  const path = folder(t);
  const spool = new Spool(options(path));
  for (const number of range(1, 40)) spool.append([record(number, { text: 'x'.repeat(20_000) })]);
  const before = files(path);
  assert.ok(before.length > 3);
  spool.release(39);
  assert.ok(files(path).length <= 2);
  assert.equal(spool.isReleasable(39), false);
  assert.deepEqual(
    readAll(spool, 39).map(({ seq }) => seq),
    [40],
  );
  spool.close();
  const empty = new Spool(options(folder(t), { lastSeq: 1000 }));
  empty.append([record(1)]);
  assert.equal(empty.lastSeq, 1001);
  empty.close();
});

test('with drop_oldest the oldest file makes room, and whoever reads is told before', (t) => {
  const told: number[] = [];
  const spool = new Spool(options(folder(t), { maxBytes: 1_000_000, beforeDrop: (upTo) => told.push(upTo) }));
  for (const number of range(1, 200))
    assert.equal(spool.append([record(number, { text: 'x'.repeat(20_000) })]).is, 'stored');
  assert.ok(spool.bytes <= 1_100_000);
  assert.equal(spool.oldestSeq, (told.at(-1) ?? 0) + 1);
  assert.deepEqual(
    readAll(spool, spool.oldestSeq - 1).map(({ seq }) => seq),
    range(spool.oldestSeq, 200),
  );
  spool.close();
});

test('with refuse_calls it says that it is full, takes a tenth more for calls under way, and then refuses', (t) => {
  const spool = new Spool(options(folder(t), { maxBytes: 1_000_000, onFull: 'refuse_calls' }));
  let number = 0;
  while (!spool.isFull) assert.equal(spool.append([record(++number, { text: 'x'.repeat(20_000) })]).is, 'stored');
  assert.equal(spool.append([record(++number)]).is, 'stored');
  while (spool.append([record(++number, { text: 'x'.repeat(20_000) })]).is === 'stored')
    assert.ok(spool.bytes < 1_300_000);
  assert.deepEqual(spool.append([record(++number)]), { is: 'full' });
  spool.release(spool.lastSeq);
  assert.equal(spool.isFull, false);
  assert.equal(spool.append([record(++number)]).is, 'stored');
  spool.close();
});

test('nobody but the owner may read the files', (t) => {
  const path = join(folder(t), 'spool');
  const spool = new Spool(options(path));
  spool.append([record(1)]);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  for (const name of readdirSync(path)) assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name);
  spool.close();
});

test('many old files are read with few descriptors', {
  skip: process.platform === 'linux' ? false : 'counts in /proc',
}, (t) => {
  const spool = new Spool(options(folder(t), { segmentBytes: 65_536 }));
  for (const number of range(1, 60)) spool.append([record(number, { text: 'x'.repeat(30_000) })]);
  assert.ok(spool.segments > 25);
  const before = readdirSync('/proc/self/fd').length;
  assert.equal(readAll(spool).length, 60);
  assert.ok(readdirSync('/proc/self/fd').length <= before + 14);
  spool.close();
});

test('whatever is appended, read, released, restarted or killed: what was stored is there, once, in order', (t) => {
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        ids: fc.array(fc.nat(60), { minLength: 1, maxLength: 8 }),
        size: fc.constantFrom(10, 1_500, 12_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('release' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 20 }), (actions) => {
      // No more files than are searched for ids.
      const settings = { segmentBytes: 300_000 };
      let path = folder(t);
      const { log, lines } = logbook();
      let spool = new Spool(options(path, { ...settings, log }));
      const model: { id: string; body: string }[] = [];
      let released = 0;
      for (const one of actions) {
        if (one.do === 'append') {
          const records = one.ids.map((number) => record(number, { text: 'x'.repeat(one.size) }));
          const before = model.length;
          const kept = new Set(readAll(spool).map(({ id }) => id));
          for (const { id, body } of records) {
            if (kept.has(id)) continue;
            kept.add(id);
            model.push({ id, body });
          }
          assert.deepEqual(spool.append(records), { is: 'stored', added: model.length - before });
        } else if (one.do === 'release') {
          released = Math.max(released, Math.floor(model.length * one.part));
          spool.release(released);
        } else {
          if (one.do === 'restart') spool.close();
          const next = folder(t);
          cpSync(path, next, { recursive: true, filter: (name) => !name.endsWith('-shm') });
          if (one.do === 'kill') spool.close();
          rmSync(path, { recursive: true });
          path = next;
          spool = new Spool(options(path, { ...settings, log, lastSeq: released }));
        }
        assert.deepEqual(
          readAll(spool, released).map(({ seq, id, body }) => ({ seq, id, body })),
          model.map((fields, index) => ({ seq: index + 1, ...fields })).slice(released),
        );
      }
      spool.close();
      rmSync(path, { recursive: true });
      assert.deepEqual(lines, []);
    }),
    { numRuns: process.env['LLM_AUDIT_LONG'] ? 1000 : 40 },
  );
});
