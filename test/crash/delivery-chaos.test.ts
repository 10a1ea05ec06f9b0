/**
 * Between the delivery and a destination stands a proxy that delays, cuts before, in the middle of and after an answer,
 * goes dead, and answers 429, 503 and 413 itself. LLM_AUDIT_LONG=1 tries a hundred seeds.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openDelivery } from '../../exporters/delivery/open.ts';
import { createRandom } from '../../simulator/random.ts';
import { startChaos } from '../support/chaos-proxy.ts';
import { answerOf, type WireRequest } from '../support/http-message.ts';
import { diskFolder, range } from '../unit/exporters/given.ts';
import { type Destination, startDestination } from './oracle/destination.ts';
import { isPoison, recordOf } from './oracle/event.ts';
import { Oracle } from './oracle/oracle.ts';

const seeds = range(1, process.env['LLM_AUDIT_LONG'] === '1' ? 100 : 8);
const events = 600;
/** Bytes: the destination's limit. One event is smaller than that. */
const largest = 6_000;

const answers = [
  () => answerOf(429, '', { 'retry-after': '0' }),
  () => answerOf(503, 'come back later'),
  ({ body }: WireRequest) => (body.length > largest ? answerOf(413) : null),
];

const chaos = async (t: TestContext, seed: number, destination: Destination) => {
  const random = createRandom(seed);
  const name = `seed-${seed}`;
  const proxy = await startChaos(t, {
    to: destination.port,
    seed,
    odds: { pass: 8, delay: 2, cutBefore: 1, cutMiddle: 1, cutAfter: 2, hang: 0.1, mute: 0.1, drip: 1, answer: 4 },
    answer: (request) => random.pick(answers)(request),
    slowness: 20,
  });
  const oracle = new Oracle();
  const dir = diskFolder(t);
  const groupSize = random.pick([1, 5, 20]);
  const delivery = await openDelivery({
    dir,
    exporters: [
      {
        type: 'webhook',
        id: name,
        config: { url: `http://127.0.0.1:${proxy.port}/${name}` },
        groupSize,
        groupDuration: 2,
        sendWorkers: random.pick([1, 3]),
        delivery: { timeout: '1s', backoff_min: '1ms', backoff_max: '20ms' },
      },
    ],
  });
  t.after(() => delivery.close(0));
  const accept = async (number: number): Promise<void> => {
    oracle.issued.add(number);
    await delivery.accept(recordOf(number));
    oracle.accepted.add(number);
  };
  for (let from = 0; from < events; from += 50) {
    await Promise.all(range(from, from + 49).map(accept));
    await pause(random.integer(0, 40));
    // Short outages.
    if (random.next() < 0.2) {
      proxy.down();
      await pause(random.integer(0, 200));
      proxy.up();
    }
  }
  assert.equal(await delivery.drained(100_000), true, `${name}: it gets through although the chaos goes on`);
  const deadLetters = oracle.deadLetters(dir, name);
  const { missing, ...figures } = oracle.judge(destination.at(name), deadLetters);
  const { exporters } = await delivery.stats();
  assert.deepEqual(missing, [], name);
  assert.deepEqual(deadLetters, new Set(range(0, events - 1).filter(isPoison)), `${name}: poison and nothing else`);
  // An answer can be on its way when our patience ends: the proxy thinks that we have it.
  const crossed = 3;
  assert.ok(
    figures.repeated <= (proxy.withheld + crossed) * groupSize,
    `${name}: ${figures.repeated}, ${proxy.withheld} withheld`,
  );
  assert.partialDeepStrictEqual(exporters, [
    { accepted: events, delivered: events - deadLetters.size, dead_lettered: deadLetters.size, dropped: 0, pending: 0 },
  ]);
  await delivery.close(0);
  return { proxy, figures };
};

test(`a destination in chaos gets everything, and twice only what it had taken without our hearing of it (${seeds.length} seeds)`, async (t) => {
  const destination = await startDestination(t);
  const did: Record<string, number> = {};
  let repeated = 0;
  const one = async (seed: number): Promise<void> => {
    const { proxy, figures } = await chaos(t, seed, destination);
    for (const [trick, times] of Object.entries(proxy.did)) did[trick] = (did[trick] ?? 0) + times;
    repeated += figures.repeated;
  };
  for (let at = 0; at < seeds.length; at += 4) await Promise.all(seeds.slice(at, at + 4).map(one));
  t.diagnostic(`${JSON.stringify(did)}, ${repeated} repeated`);
  for (const [trick, times] of Object.entries(did)) assert.ok(times > 0, `${trick} was never played`);
});
