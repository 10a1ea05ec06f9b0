/** The kafka exporter and three brokers: the one that leads is killed, and another one takes over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDelivery } from '../../exporters/delivery/open.ts';
import { type Broker, startKafka } from '../services/kafka.ts';
import { createTopic, leaderOf, readTopic } from '../services/kafka-topic.ts';
import { diskFolder, record } from '../unit/exporters/given.ts';

const event = (number: number) => record(number, { apikey: { clientId: `key-${number % 7}` } });

test('leaders change under load: nothing lost, order kept, repeated only under the same id', async (t) => {
  const kafka = await startKafka(t, { brokers: 3 });
  if (!kafka) return;
  const servers = kafka.brokers.map(({ plain }) => plain);
  await createTopic(servers, 'led', { partitions: 3, config: { 'min.insync.replicas': '2' } });
  const delivery = await openDelivery({
    dir: diskFolder(t),
    exporters: [
      {
        type: 'kafka',
        id: 'k',
        groupSize: 50,
        groupDuration: 20,
        delivery: { backoff_min: '20ms', backoff_max: '500ms', timeout: '5s' },
        config: { servers, topic: 'led' },
      },
    ],
  });
  t.after(() => delivery.close(0));
  let accepting = true;
  let accepted = 0;
  const done = (async () => {
    while (accepting) {
      await delivery.accept(event(++accepted));
      if (accepted % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();

  await new Promise((resolve) => setTimeout(resolve, 500));
  const leader = await leaderOf(servers, 'led', 0);
  const broker: Broker | undefined = kafka.brokers.find(({ id }) => id === leader);
  assert.ok(broker);
  await broker.kill();
  const others = servers.filter((server) => server !== broker.plain);
  for (let tries = 0; (await leaderOf(others, 'led', 0)) === leader; tries++) {
    assert.ok(tries < 300, 'another leader takes over');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const change = accepted;
  while (((await delivery.stats()).exporters[0]?.delivered ?? 0) < change) {
    await new Promise((resolve) => setTimeout(resolve, 50)); // two brokers are enough
  }
  await broker.start();
  accepting = false;
  await done;
  assert.equal(await delivery.drained(60_000), true);
  assert.partialDeepStrictEqual(await delivery.stats(), {
    exporters: [{ delivered: accepted, pending: 0, dead_lettered: 0 }],
  });

  const arrived = await readTopic(servers, 'led');
  const firsts = new Map(arrived.toReversed().map((one) => [one.headers['event-id'], one]));
  assert.equal(firsts.size, accepted);
  for (const [, read] of Map.groupBy(firsts.values(), ({ key }) => key)) {
    const numbers = read.sort((one, other) => one.offset - other.offset).map(({ value }) => JSON.parse(value).number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => one - other),
    );
  }
  for (const { value } of arrived) assert.equal(value, event(JSON.parse(value).number).body);
});
