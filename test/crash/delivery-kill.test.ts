/**
 * kill -9 at any moment: what was accepted is delivered, unchanged. At random moments, the start included, and at single
 * steps on the disk: a file of the spool begun, sealed, deleted, cursors written and synced, an exporter's file rotated.
 * LLM_AUDIT_LONG=1 kills two hundred times, LLM_AUDIT_SEED=N at other moments.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../simulator/random.ts';
import { startChaos } from '../support/chaos-proxy.ts';
import { diskFolder } from '../unit/exporters/given.ts';
import { startDestination } from './oracle/destination.ts';
import { System } from './oracle/driver.ts';
import { isPoison } from './oracle/event.ts';
import { arrivedInFiles, Oracle } from './oracle/oracle.ts';

const kills = process.env['LLM_AUDIT_LONG'] === '1' ? 200 : 16;
const seed = Number(process.env['LLM_AUDIT_SEED'] ?? 20_261_121);

/** Steps on the disk at which it is killed, and the how-manieth it is at most. */
const steps = [
  ['begin', 6],
  ['commit', 12],
  ['seal', 6],
  ['cursor', 12],
  ['checkpoint', 2],
  ['remove', 12],
  ['sync', 12],
  ['rename', 6],
  ['truncate', 1],
] as const;

/** A destination that is in trouble one time in four. */
const odds = { pass: 30, delay: 3, cutBefore: 2, cutMiddle: 2, cutAfter: 2, drip: 1 };

test(`after ${kills} kills everything that was accepted has arrived, nothing has changed on the way`, async (t) => {
  const random = createRandom(seed);
  t.diagnostic(`LLM_AUDIT_SEED=${seed}`);
  const dir = diskFolder(t);
  const oracle = new Oracle();
  const destination = await startDestination(t);
  const webhooks = [
    { id: 'single', groupSize: 2, sendWorkers: 1 },
    { id: 'small', groupSize: 7, sendWorkers: 1 },
    { id: 'large', groupSize: 100, sendWorkers: 1 },
    { id: 'lanes', groupSize: 20, sendWorkers: 4 },
  ];
  const proxies = new Map(
    await Promise.all(
      webhooks.map(async ({ id }, index) => {
        const proxy = await startChaos(t, { to: destination.port, seed: seed + index, odds, slowness: 20 });
        return [id, proxy] as const;
      }),
    ),
  );
  const files = [
    { type: 'file', id: 'all', config: { path: join(dir, 'all', 'e.ndjson'), maxFileSize: '64KiB' }, groupSize: 30 },
    {
      type: 'file',
      id: 'newest',
      config: { path: join(dir, 'newest', 'e.ndjson'), maxFileSize: '20KiB', maxNumberOfFile: 3 },
      groupSize: 10,
    },
  ];
  const exporters = [
    ...webhooks.map((webhook) => ({
      ...webhook,
      type: 'webhook',
      config: { url: `http://127.0.0.1:${proxies.get(webhook.id)?.port}/${webhook.id}` },
      delivery: { backoff_min: '2ms', backoff_max: '20ms', timeout: '5s' },
    })),
    ...files,
  ].map((exporter) => ({ ...exporter, groupDuration: 5 }));
  // Sixty events in a file of the spool: one is begun, sealed and deleted every few milliseconds.
  const options = { dir, exporters, spool: { segment_bytes: 65_536 } };
  const next = (): number => oracle.issued.size;

  let fallen = 0;
  for (let round = 0; round < kills; round++) {
    const [kind, most] = steps[(round >> 1) % steps.length] ?? steps[0];
    const axe = `${kind} ${random.pick(['before', 'after'])} ${random.integer(1, most)}`;
    const atStep = round % 2 === 1;
    const load = { from: next(), rate: 800 };
    const system = new System(t, oracle, { options, load }, atStep ? { axe } : {});
    // One time in four it is killed while it opens. At a step it may fall before it says anything.
    const whileOpening = round % 4 === 0;
    await system.says(whileOpening ? 'opening' : 'ready').catch(() => {});
    if (atStep) await system.ended(3_000).catch(() => {});
    else await pause(random.integer(0, whileOpening ? 200 : 600));
    if (system.hasEnded) fallen++;
    await system.kill();
  }

  const fresh = next() + 49;
  const last = new System(t, oracle, { options, load: { from: next(), count: 50 } });
  await last.says('ready');
  const { exporters: told } = await last.finish(100_000 + kills * 3_000);

  for (const { id, groupSize, sendWorkers } of webhooks) {
    const deadLetters = oracle.deadLetters(dir, id);
    const { missing, ...figures } = oracle.judge(destination.at(id), deadLetters);
    const withheld = proxies.get(id)?.withheld ?? 0;
    t.diagnostic(`${id}: ${JSON.stringify({ ...figures, withheld })}`);
    assert.deepEqual(missing, [], id);
    assert.ok(oracle.accepted.has(fresh) && destination.at(id).times.has(fresh), 'a fresh event gets through');
    for (const number of oracle.accepted) assert.equal(deadLetters.has(number), isPoison(number));
    // With one batch at a time, what was in flight is one batch.
    if (sendWorkers === 1) assert.ok(figures.repeated <= (kills + withheld) * groupSize, id);
  }
  const inFiles = arrivedInFiles(join(dir, 'all'), 'e');
  const { missing, ...figures } = oracle.judge(inFiles);
  t.diagnostic(`all: ${JSON.stringify(figures)}`);
  assert.deepEqual(missing, []);
  assert.ok(figures.repeated <= kills * 30);
  // Retention takes the oldest: what is left is unchanged, and the newest.
  const left = arrivedInFiles(join(dir, 'newest'), 'e');
  oracle.judge(left);
  assert.ok(readdirSync(join(dir, 'newest')).length <= 4);
  const oldest = Math.min(...left.times.keys());
  for (const number of oracle.accepted)
    if (number > oldest) assert.ok(left.times.has(number), `${number} of ${oldest} to ${fresh}`);

  for (const { id, accepted, delivered, duplicate, filtered, dead_lettered, dropped, pending } of told) {
    assert.equal(accepted, delivered + duplicate + filtered + dead_lettered + dropped + pending, id);
    assert.deepEqual([dropped, filtered, pending], [0, 0, 0], id);
  }
  assert.ok(fallen >= Math.floor(kills / 4), `${fallen} fell at a step on the disk`);
  assert.ok(oracle.accepted.size > kills * 20);
  t.diagnostic(`${oracle.accepted.size} accepted of ${oracle.issued.size} issued, ${fallen} fell at a step`);
});
