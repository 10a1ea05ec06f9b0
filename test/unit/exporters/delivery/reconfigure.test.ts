import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import { Outbox } from '../../../../exporters/delivery/outbox.ts';
import { eventually, folder, logbook, range, record } from '../given.ts';
import { file, ids, idsOf, opened, options, sink, webhook } from './given.ts';

test('a changed exporter ends the batch that is in flight and goes on behind it, one that is unchanged notices nothing', async (t) => {
  const dir = folder(t);
  const gate = Promise.withResolvers<number>();
  const slow = await sink(t, () => gate.promise);
  const next = await sink(t, () => 200);
  const outbox = await opened(t, options(dir, [webhook(slow.url), file(dir, 'f')]));
  outbox.append(range(1, 3).map((number) => record(number)));
  await eventually(() => ids(dir, 'f').length === 3);

  const changing = outbox.readers.configure([webhook(next.url), file(dir, 'f')]);
  outbox.append([record(4)]);
  await eventually(() => ids(dir, 'f').length === 4);
  assert.deepEqual(next.taken, [], 'nothing goes to the new place before the old one has answered');
  gate.resolve(200);
  await changing;

  assert.equal(await outbox.drained(5_000), true);
  assert.deepEqual([slow.taken, next.taken], [idsOf([1, 2, 3]), idsOf([4])]);
});

test('exporters come, go, are switched off and on: each has every event of the time in which it was on, or kept its place', async (t) => {
  const dir = folder(t);
  const kept = { delivery: { keep_when_disabled: true } };
  const outbox = await opened(t, options(dir, [file(dir, 'a'), file(dir, 'b', kept)]));
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(5_000), true);
  await outbox.readers.configure([file(dir, 'b', { ...kept, enabled: false }), file(dir, 'c')]);
  outbox.append([record(2)]);
  assert.equal(await outbox.drained(5_000), true);
  await outbox.readers.configure([file(dir, 'a'), file(dir, 'b', kept), file(dir, 'c')]);
  outbox.append([record(3)]);
  assert.equal(await outbox.drained(5_000), true);
  assert.deepEqual(ids(dir, 'b'), idsOf([1, 2, 3]));
  assert.deepEqual(ids(dir, 'c'), idsOf([2, 3]));
  assert.deepEqual(ids(dir, 'a').slice(0, 1), idsOf([1]));
  assert.ok(ids(dir, 'a').includes(record(3).id));
});

test('a paused exporter sends nothing, over a restart as well, and has everything once it is resumed', async (t) => {
  const dir = folder(t);
  const first = await opened(t, options(dir, [file(dir, 'f')]));
  first.append([record(1)]);
  assert.equal(await first.drained(5_000), true);
  await first.readers.pause('f');
  for (const number of range(2, 30)) first.append([record(number, { text: 'x'.repeat(20_000) })]);
  assert.partialDeepStrictEqual(first.readers.stats, [{ state: 'paused', pending: 29 }]);
  await first.close(0);

  const second = await opened(t, options(dir, [file(dir, 'f')]));
  assert.deepEqual(ids(dir, 'f'), idsOf([1]));
  assert.partialDeepStrictEqual(second.readers.stats, [{ state: 'paused', pending: 29 }]);
  await second.readers.resume('f');
  assert.equal(await second.drained(5_000), true);
  assert.deepEqual(ids(dir, 'f'), idsOf(range(1, 30)));
});

test('a rewind offers everything from that time on once more, and the sum of the fates still is what was accepted', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir, 'f'), file(dir, 'g')], { keep: 3_600_000 }));
  for (const number of range(1, 30)) outbox.append([record(number, { text: 'x'.repeat(20_000) })]);
  assert.equal(await outbox.drained(5_000), true);
  const rewound = await outbox.readers.rewind('f', record(21).at);
  assert.deepEqual(rewound, { records: 10, from_seq: 21, to_seq: 30 });
  outbox.append([record(31)]);
  assert.equal(await outbox.drained(5_000), true);
  assert.deepEqual(ids(dir, 'f'), idsOf([...range(1, 30), ...range(21, 31)]));
  assert.equal(ids(dir, 'g').length, 31);
  assert.partialDeepStrictEqual(outbox.readers.stats, [{ accepted: 41, again: 10, delivered: 41, pending: 0 }]);
  assert.equal((await outbox.recount()).holds, true);
  assert.deepEqual(await outbox.readers.rewind('f', record(1_000).at), { records: 0, from_seq: 32, to_seq: 31 });
});

test('what everybody has passed is kept as long as the configuration says, and goes first when the room is needed', async (t) => {
  const dir = folder(t);
  const { log, lines } = logbook();
  const outbox = await opened(t, options(dir, [file(dir, 'f')], { keep: 3_600_000, maxBytes: 1_600_000, log }));
  for (const number of range(1, 20)) outbox.append([record(number, { text: 'x'.repeat(20_000) })]);
  assert.equal(await outbox.drained(5_000), true);
  assert.equal(outbox.stats().spool.oldest_seq, 1, 'kept although it was delivered');
  for (const number of range(21, 120)) {
    outbox.append([record(number, { text: 'x'.repeat(20_000) })]);
    if (number % 10 === 0) await outbox.drained(5_000);
  }
  assert.ok(outbox.stats().spool.bytes < 1_800_000);
  assert.partialDeepStrictEqual(outbox.readers.stats, [{ delivered: 120, dropped: 0 }]);
  assert.deepEqual(
    lines.filter((line) => line.includes('full')),
    [],
  );
});

test('dead letters are offered again to the exporter that refused them, by its rules of now, and those that are taken are gone', async (t) => {
  const dir = folder(t);
  let refusing = true;
  const bad = new Set([record(3).id, record(7).id]);
  const { url, taken } = await sink(t, (batch) => (refusing && batch.some((id) => bad.has(id)) ? 400 : 200));
  const outbox = await opened(t, options(dir, [webhook(url)]));
  outbox.append(range(1, 10).map((number) => record(number)));
  assert.equal(await outbox.drained(5_000), true);
  assert.equal(taken.length, 8);
  const { letters } = await outbox.deadLetters.page({ exporter: 'w' }, null, 10);
  assert.deepEqual(
    letters.map(({ id, body }) => [id, body]),
    [3, 7].map((number) => [record(number).id, record(number).body]),
  );

  assert.deepEqual(await outbox.replay({ ids: [record(3).id] }), { replayed: 1, delivered: 0, failed: 1, skipped: 0 });
  assert.equal(
    (await outbox.deadLetters.page({}, null, 10)).letters.length,
    2,
    'refused again: still a dead letter, once',
  );
  refusing = false;
  outbox.deadLetter(record(11), 'not valid by its schema');
  assert.deepEqual(await outbox.replay({}), { replayed: 2, delivered: 2, failed: 0, skipped: 1 });
  assert.deepEqual(new Set(taken), new Set(idsOf(range(1, 10))));
  assert.deepEqual(
    (await outbox.deadLetters.page({}, null, 10)).letters.map(({ id }) => id),
    [record(11).id],
  );
  assert.partialDeepStrictEqual(outbox.readers.stats, [
    { accepted: 13, again: 3, delivered: 10, dead_lettered: 3, pending: 0 },
  ]);
  assert.equal(await outbox.purge({}), 1);
  assert.deepEqual(await outbox.deadLetters.page({}, null, 10), { letters: [], next: null });
});

test('dead letters are listed page by page', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, []));
  for (const number of range(1, 25)) outbox.deadLetter(record(number), 'refused');
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const page = await outbox.deadLetters.page({}, after, 10);
    seen.push(...page.letters.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  assert.deepEqual(seen, idsOf(range(1, 25)));
});

test('an exporter that cannot be opened keeps its events and holds up nobody', async (t) => {
  const dir = folder(t);
  const { log, lines } = logbook();
  const broken: ExporterConfig = { type: 'no-such-kind', id: 'w', config: {} };
  const outbox = await opened(t, options(dir, [file(dir, 'f'), broken], { log }));
  outbox.append([record(1)]);
  await eventually(() => ids(dir, 'f').length === 1);
  assert.partialDeepStrictEqual(
    outbox.readers.stats.find(({ id }) => id === 'w'),
    { state: 'blocked', pending: 1 },
  );
  assert.ok(lines.some((line) => line.includes('an exporter cannot be opened')));
});

test('a held directory is looked at: nothing is sent, nothing is deleted', async (t) => {
  const dir = folder(t);
  const first = await opened(t, options(dir, [webhook('http://127.0.0.1:9/')]));
  first.append(range(1, 5).map((number) => record(number)));
  first.deadLetter(record(6), 'not valid by its schema');
  await first.close(0);
  const deadLetters = { maxBytes: 1e9, maxAge: -1_000 }; // by which every letter is too old
  const held = await opened(t, options(dir, [file(dir, 'w', { type: 'file' })], { held: true, deadLetters }));
  assert.partialDeepStrictEqual(held.readers.stats, [{ state: 'paused', pending: 5, accepted: 5 }]);
  assert.equal((await held.recount()).holds, true);
  assert.deepEqual(ids(dir, 'w'), []);
  assert.equal((await held.deadLetters.page({}, null, 10)).letters.length, 1);
  await held.close(0);
  const owner = await opened(t, options(dir, [], { deadLetters }));
  assert.equal((await owner.deadLetters.page({}, null, 10)).letters.length, 0);
});

test('the audit finds what is gone from the disk although a cursor still waits for it', async (t) => {
  const dir = folder(t);
  const down = webhook('http://127.0.0.1:9/', { delivery: { backoff_min: '1m' } });
  const first = await opened(t, options(dir, [down]));
  for (const number of range(1, 30)) first.append([record(number, { text: 'x'.repeat(20_000) })]);
  const { holds, exporters } = await first.recount();
  assert.equal(holds, true);
  assert.partialDeepStrictEqual(exporters, [{ pending: 30, found_pending: 30, found_damaged: 0 }]);
  await first.close(0);

  const [, second = ''] = readdirSync(join(dir, 'spool'))
    .filter((name) => name.endsWith('.db'))
    .sort();
  rmSync(join(dir, 'spool', second));
  const held = await opened(t, options(dir, [down], { held: true }));
  const after = await held.recount();
  assert.equal(after.holds, false);
  const [one] = after.exporters;
  assert.ok(one && one.found_damaged > 0 && one.found_damaged + one.found_pending === 30);
});

type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'pause' | 'resume' | 'reopen' | 'drain' }
  | { readonly do: 'rewind'; readonly to: number }
  | { readonly do: 'change'; readonly groupSize: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'reopen' as const, 'drain' as const) }),
    fc.record({ do: fc.constant('rewind' as const), to: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ do: fc.constant('change' as const), groupSize: fc.integer({ min: 1, max: 5 }) }),
  ),
  { maxLength: 14 },
);

test('whatever an operator does in whatever order: the sums hold at every step, and every event arrives', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const dir = folder(t);
      let entry = file(dir, 'f');
      const settings = () => options(dir, [entry], { keep: 3_600_000 });
      let outbox = await Outbox.open(settings());
      let made = 0;
      try {
        for (const step of script) {
          if (step.do === 'append') {
            outbox.append(
              range(made + 1, made + step.count).map((number) => record(number, { text: 'x'.repeat(9_000) })),
            );
            made += step.count;
          } else if (step.do === 'pause' || step.do === 'resume') await outbox.readers[step.do]('f');
          else if (step.do === 'rewind') await outbox.readers.rewind('f', record(step.to).at);
          else if (step.do === 'drain') await outbox.drained(50);
          else if (step.do === 'change') {
            entry = { ...entry, groupSize: step.groupSize };
            await outbox.readers.configure([entry]);
          } else {
            await outbox.close(0);
            outbox = await Outbox.open(settings());
          }
          assert.equal((await outbox.recount()).holds, true, JSON.stringify(step));
        }
        await outbox.readers.resume('f');
        assert.equal(await outbox.drained(5_000), true);
        assert.deepEqual(new Set(ids(dir, 'f')), new Set(idsOf(range(1, made))));
      } finally {
        await outbox.close(0);
      }
    }),
    { numRuns: process.env['LLM_AUDIT_LONG'] ? 500 : 40 },
  );
});
