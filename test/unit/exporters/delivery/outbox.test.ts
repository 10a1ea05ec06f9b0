import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import { Outbox } from '../../../../exporters/delivery/outbox.ts';
import { fates } from '../../../../exporters/spool/cursors.ts';
import { eventually, folder, logbook, range, record } from '../given.ts';
import { opened, options } from './given.ts';

const file = (dir: string, id = 'f', more: Partial<ExporterConfig> = {}): ExporterConfig => ({
  type: 'file',
  id,
  config: { path: join(dir, `${id}.ndjson`) },
  ...more,
});

/** Nobody listens there. */
const down: ExporterConfig = {
  type: 'webhook',
  id: 'down',
  config: { url: 'http://127.0.0.1:9/' },
  delivery: { backoff_min: '1m' },
};

const lines = (dir: string, id = 'f'): string[] =>
  readFileSync(join(dir, `${id}.ndjson`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const large = (number: number) => record(number, { text: 'x'.repeat(20_000) });

const segments = (dir: string): string[] => readdirSync(join(dir, 'spool')).filter((name) => name.endsWith('.db'));

test('each exporter goes its own way: one that is down keeps its records and holds up nobody', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir), down]));
  outbox.append(range(1, 20).map(large));
  assert.equal(await outbox.drained(100), false);
  await eventually(() =>
    outbox.stats().exporters.every(({ delivered, state }) => delivered === 20 || state === 'retrying'),
  );
  const [healthy, broken] = outbox.stats().exporters;
  assert.partialDeepStrictEqual(healthy, { id: 'f', state: 'delivering', accepted: 20, delivered: 20, pending: 0 });
  assert.partialDeepStrictEqual(broken, {
    id: 'down',
    state: 'retrying',
    reason: 'no connection: ECONNREFUSED',
    delivered: 0,
    pending: 20,
  });
  assert.equal(lines(dir).length, 20);
});

test('a file of the spool goes once every exporter has passed it, and not before', async (t) => {
  const dir = folder(t);
  const outbox = await opened(
    t,
    options(dir, [file(dir), file(dir, 'off', { enabled: false, delivery: { keep_when_disabled: true } })]),
  );
  for (const number of range(1, 20)) outbox.append([large(number)]);
  assert.equal(await outbox.drained(10_000), true);
  assert.ok(segments(dir).length > 2, 'held by the disabled exporter that wants to catch up');
  await outbox.close(0);

  const again = await opened(t, options(dir, [file(dir), file(dir, 'off')]));
  assert.equal(await again.drained(10_000), true);
  assert.equal(lines(dir, 'off').length, 20);
  assert.equal(lines(dir).length, 20);
  assert.ok(segments(dir).length <= 1);
});

test('without any exporter, or with disabled ones only, the spool does not pile up', async (t) => {
  for (const exporters of [[], [file('/nowhere', 'off', { enabled: false })]]) {
    const dir = folder(t);
    const outbox = await opened(t, options(dir, exporters));
    for (const number of range(1, 60)) outbox.append([large(number)]);
    assert.ok(segments(dir).length <= 1);
    assert.equal(outbox.stats().accepted, 60);
  }
});

test('a new exporter begins with the next event, one that was there before where it stood', async (t) => {
  const dir = folder(t);
  const first = await opened(t, options(dir, [file(dir, 'old'), down]));
  first.append(range(1, 5).map((number) => record(number)));
  await first.close(1000);
  const second = await opened(t, options(dir, [file(dir, 'new'), file(dir, 'old')]));
  second.append([record(6)]);
  assert.equal(await second.drained(10_000), true);
  assert.deepEqual(lines(dir, 'new'), [record(6).body]);
  assert.equal(lines(dir, 'old').length, 6);
});

test('when the cursors are lost, everything that is kept comes again rather than nothing', async (t) => {
  for (const harm of [
    (path: string) => rmSync(path),
    (path: string) => writeFileSync(path, 'not a database, but long enough to be one'.repeat(500)),
  ]) {
    const dir = folder(t);
    const first = await opened(t, options(dir, [file(dir)]));
    first.append(range(1, 5).map((number) => record(number)));
    await first.close(1000);
    harm(join(dir, 'cursors.db'));
    const second = await opened(t, options(dir, [file(dir), file(dir, 'other')]));
    assert.equal(await second.drained(10_000), true);
    assert.equal(lines(dir).length, 10);
    assert.equal(lines(dir, 'other').length, 5);
    assert.equal(second.append([record(6)]).is, 'stored');
  }
});

test('when the spool is full with drop_oldest, the exporter that lags behind loses the oldest, counted', async (t) => {
  const dir = folder(t);
  const { log, lines: logged } = logbook();
  const outbox = await opened(
    t,
    options(dir, [down, file(dir, 'f', { groupDuration: 0 })], { maxBytes: 600_000, log }),
  );
  for (const tens of range(0, 9)) {
    for (const number of range(1, 10)) outbox.append([large(10 * tens + number)]);
    await eventually(() => outbox.stats().exporters[1]?.pending === 0);
  }
  assert.ok(outbox.stats().spool.bytes < 700_000);
  assert.equal(outbox.stats().exporters[1]?.delivered, 100);
  assert.match(logged.join(), /the spool is full: its oldest records are deleted/);
  await outbox.close(0);
  const late = await opened(t, options(dir, [{ ...down, type: 'file', config: { path: join(dir, 'late.ndjson') } }]));
  assert.equal(await late.drained(10_000), true);
  const [lagging] = late.stats().exporters;
  assert.equal(lagging?.accepted, 100);
  assert.ok((lagging?.dropped ?? 0) >= 60);
  assert.equal(lines(dir, 'late').length, 100 - (lagging?.dropped ?? 0));
});

test('records that vanish from the disk are counted as dropped, not waited for', async (t) => {
  const dir = folder(t);
  const first = await opened(t, options(dir, [down]));
  first.append(range(1, 30).map((number) => record(number)));
  await first.close(0);
  for (const name of segments(dir)) rmSync(join(dir, 'spool', name));
  const second = await opened(t, options(dir, [{ ...down, type: 'file', config: { path: join(dir, 'late.ndjson') } }]));
  assert.equal(await second.drained(10_000), true);
  assert.partialDeepStrictEqual(second.stats().exporters[0], { accepted: 30, dropped: 30, pending: 0 });
  second.append([record(31)]);
  assert.equal(await second.drained(10_000), true);
  assert.deepEqual(lines(dir, 'late'), [record(31).body]);
});

test('a record that must not be delivered is put aside with the reason, and offered to nobody', async (t) => {
  const dir = folder(t);
  const outbox = await opened(t, options(dir, [file(dir)]));
  outbox.deadLetter(record(1), '/costs: must be object');
  assert.equal(await outbox.drained(10_000), true);
  const [name = ''] = readdirSync(join(dir, 'dead-letters'));
  const { at: _, ...letter } = JSON.parse(readFileSync(join(dir, 'dead-letters', name), 'utf8'));
  assert.deepEqual(letter, {
    exporter: null,
    reason: '/costs: must be object',
    attempts: 0,
    id: 'event-000001',
    kind: 'LLMUsageAudit',
    body: record(1).body,
  });
  assert.equal(outbox.stats().accepted, 0);
});

test('whatever happens, accepted is the sum of what became of the records, and nothing accepted goes missing', async (t) => {
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        ids: fc.array(fc.nat(200), { minLength: 1, maxLength: 12 }),
        size: fc.constantFrom(10, 20_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
      let dir = folder(t);
      const out = folder(t);
      const exporters = [
        file(out, 'all', { groupSize: 5, groupDuration: 0 }),
        file(out, 'even', { groupDuration: 0, filtering: { include: [{ even: true }] } }),
        down,
      ];
      let outbox = await Outbox.open(options(dir, exporters));
      const accepted = new Set<string>();
      const check = (): void => {
        for (const { accepted: total, pending, ...counts } of outbox.stats().exporters) {
          assert.equal(total, pending + fates.reduce((sum, fate) => sum + counts[fate], 0));
          assert.equal(counts.dropped + counts.dead_lettered, 0);
        }
      };
      for (const one of actions) {
        if (one.do === 'append') {
          const records = one.ids.map((number) =>
            record(number, { even: number % 2 === 0, text: 'x'.repeat(one.size) }),
          );
          assert.equal(outbox.append(records).is, 'stored');
          for (const { id } of records) accepted.add(id);
        } else if (one.do === 'wait') await outbox.drained(5);
        else {
          if (one.do === 'restart') await outbox.close(5);
          const next = folder(t);
          cpSync(dir, next, { recursive: true, filter: (name) => !name.endsWith('-shm') });
          if (one.do === 'kill') await outbox.close(0);
          dir = next;
          outbox = await Outbox.open(options(dir, exporters));
        }
        check();
      }
      for (let tries = 0; tries < 50; tries++) {
        await outbox.drained(20);
        if (
          outbox
            .stats()
            .exporters.slice(0, 2)
            .every(({ pending }) => pending === 0)
        )
          break;
      }
      check();
      await outbox.close(0);
      const ids = (id: string): Set<string> => new Set(lines(out, id).map((line) => JSON.parse(line)['@id']));
      assert.deepEqual(accepted.size === 0 ? new Set() : ids('all'), accepted);
      for (const id of accepted) if (Number(id.slice(-6)) % 2 === 0) assert.ok(ids('even').has(id));
    }),
    { numRuns: process.env['LLM_AUDIT_LONG'] ? 300 : 15 },
  );
});
