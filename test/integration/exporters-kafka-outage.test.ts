/** The kafka exporter inside the whole delivery, while its broker is killed, hangs and comes back. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ExporterConfig } from '../../exporters/config.ts';
import type { LogLine } from '../../exporters/delivery/messages.ts';
import { type Delivery, openDelivery } from '../../exporters/delivery/open.ts';
import { open } from '../../exporters/kafka/client.ts';
import { read } from '../../exporters/kafka/config.ts';
import { startKafka } from '../services/kafka.ts';
import { createTopic, type Read, readTopic } from '../services/kafka-topic.ts';
import { diskFolder, range, record, stored, surroundings } from '../unit/exporters/given.ts';

const keys = 5;
const event = (number: number) =>
  record(number, { apikey: { clientId: `key-${number % keys}` }, text: 'x'.repeat(500) });

const exporter = (servers: readonly string[], topic: string, more: Partial<ExporterConfig> = {}): ExporterConfig => ({
  type: 'kafka',
  id: 'k',
  groupSize: 50,
  groupDuration: 20,
  delivery: { backoff_min: '20ms', backoff_max: '500ms', timeout: '5s' },
  config: { servers: [...servers], topic },
  ...more,
});

const opened = async (t: TestContext, exporters: ExporterConfig[], dir = diskFolder(t)) => {
  const lines: LogLine[] = [];
  const delivery: Delivery = await openDelivery({ dir, exporters, log: (line) => lines.push(line) });
  t.after(() => delivery.close(0));
  return { delivery, lines, dir };
};

/** Each event is there; what is there twice is the same event; the first copies of a key's events are in order. */
const assertComplete = (arrived: readonly Read[], count: number): void => {
  const firsts = new Map<string, Read>();
  for (const one of arrived) {
    const id = one.headers['event-id'] ?? '';
    assert.equal(one.value, event(JSON.parse(one.value).number).body);
    assert.equal(JSON.parse(one.value)['@id'], id);
    if (!firsts.has(id)) firsts.set(id, one);
  }
  assert.equal(firsts.size, count, 'every event has arrived');
  for (const [key, read] of Map.groupBy(firsts.values(), (one) => one.key)) {
    const numbers = read.map(({ value }) => JSON.parse(value).number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => one - other),
      `the events of ${key} are in order`,
    );
  }
};

test('the kafka exporter while its broker is killed, hangs and comes back', async (t) => {
  const kafka = await startKafka(t);
  if (!kafka) return;
  const { first } = kafka;
  const servers = [first.plain];

  await t.test('a topic that is missing is created by the broker, and nothing is lost meanwhile', async (t) => {
    const { delivery } = await opened(t, [exporter(servers, 'made-by-itself')]);
    await Promise.all(range(1, 100).map((number) => delivery.accept(event(number))));
    assert.equal(await delivery.drained(20_000), true);
    assertComplete(await readTopic(servers, 'made-by-itself'), 100);
  });

  await t.test(
    'a broker killed between and within batches: nothing lost, order kept, repeated only under the same id',
    async (t) => {
      await createTopic(servers, 'killed', { partitions: 3 });
      const { delivery, lines } = await opened(t, [exporter(servers, 'killed')]);
      const accepting = (async () => {
        for (const number of range(1, 3000)) {
          await delivery.accept(event(number));
          if (number % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
        }
      })();
      for (const wait of [400, 300]) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        await first.kill();
        await first.start();
      }
      await accepting;
      assert.equal(await delivery.drained(60_000), true);
      assertComplete(await readTopic(servers, 'killed'), 3000);
      assert.partialDeepStrictEqual(await delivery.stats(), {
        accepted: 3000,
        exporters: [{ delivered: 3000, pending: 0, dead_lettered: 0 }],
      });
      assert.ok(
        lines.some(({ msg }) => msg === 'retrying') && lines.at(-1)?.msg === 'delivering again',
        JSON.stringify(lines),
      );
    },
  );

  await t.test(
    'a broker that hangs costs the time of an attempt, and when it goes on so does the exporter',
    async (t) => {
      await createTopic(servers, 'hung');
      const destination = open(read({ servers, topic: 'hung' }), surroundings({ timeout: 1_000 }));
      t.after(() => destination.close());
      const batch = range(1, 10).map((number) => ({ ...stored(number), ...event(number) }));
      const calm = new AbortController().signal;
      await destination.send(batch, calm);
      first.hang();
      t.after(() => first.resume());
      const begun = performance.now();
      for (const reason of ['no answer in time', 'no answer in time']) {
        assert.partialDeepStrictEqual(
          await destination.send(batch, calm),
          batch.map(() => ({ is: 'retry', reason })),
        );
      }
      assert.ok(performance.now() - begun < 4_000, 'twice a second, and a little');
      assert.partialDeepStrictEqual(await destination.check(calm), { is: 'retry' });
      first.resume();
      assert.deepEqual(
        await destination.send(batch, calm),
        batch.map(() => ({ is: 'delivered' })),
      );
      const ids = new Set((await readTopic(servers, 'hung')).map(({ headers }) => headers['event-id']));
      assert.equal(ids.size, 10);
    },
  );

  await t.test('stopping does not wait for a broker that hangs', async (t) => {
    await createTopic(servers, 'stopping');
    const { delivery, dir } = await opened(t, [exporter(servers, 'stopping', { delivery: { timeout: '30s' } })]);
    await delivery.accept(event(1));
    assert.equal(await delivery.drained(20_000), true);
    first.hang();
    t.after(() => first.resume());
    await delivery.accept(event(2));
    await new Promise((resolve) => setTimeout(resolve, 300)); // under way, and nobody answers
    const begun = performance.now();
    await delivery.close(0);
    assert.ok(performance.now() - begun < 1_500);
    first.resume();
    const { delivery: next } = await opened(t, [exporter(servers, 'stopping')], dir);
    assert.equal(await next.drained(20_000), true);
    assertComplete(await readTopic(servers, 'stopping'), 2);
  });

  await t.test(
    'an event that the topic does not take goes to the dead letters as it was, all others arrive',
    async (t) => {
      await createTopic(servers, 'picky', { config: { 'max.message.bytes': '20000' } });
      const { delivery } = await opened(t, [exporter(servers, 'picky')]);
      const monster = record(50, { output: 'o'.repeat(100), other: 'x'.repeat(30_000) });
      await Promise.all(range(1, 100).map((number) => delivery.accept(number === 50 ? monster : event(number))));
      assert.equal(await delivery.drained(20_000), true);
      assert.partialDeepStrictEqual(await delivery.stats(), {
        exporters: [{ delivered: 99, dead_lettered: 1, pending: 0 }],
      });
      const arrived = await readTopic(servers, 'picky');
      assert.deepEqual(
        [arrived.length, arrived.some(({ headers }) => headers['event-id'] === monster.id)],
        [99, false],
      );
    },
  );
});
