/** The kafka exporter against a real broker: what arrives, in which order, how large, how packed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { open } from '../../exporters/kafka/client.ts';
import { read } from '../../exporters/kafka/config.ts';
import type { Destination, Surroundings } from '../../exporters/kind.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import type { Outgoing } from '../../exporters/pipeline/outgoing.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { createTopic, deleteTopic, readTopic, type TopicSettings, topics } from '../services/kafka-topic.ts';
import { range, stored, surroundings } from '../unit/exporters/given.ts';

const delivered: Outcome = { is: 'delivered' };
const calm = new AbortController().signal;

const allDelivered = (batch: readonly unknown[]): Outcome[] => batch.map(() => delivered);

/** Event `number` of the API key `key`. */
const event = (number: number, key: string | null, fields: object = {}): Outgoing =>
  stored(number, { schema_version: 1, ...(key !== null && { apikey: { clientId: key } }), ...fields });

/** An exporter to a topic of its own. */
const given = async (
  t: TestContext,
  kafka: Kafka,
  {
    topic: settings = {},
    config = {},
    more = {},
  }: { topic?: TopicSettings; config?: object; more?: Partial<Surroundings> } = {},
) => {
  const servers = [kafka.first.plain];
  const topic = t.name.replace(/[^a-z]+/g, '-').slice(0, 60);
  await createTopic(servers, topic, settings);
  const destination: Destination = open(
    read({ servers, topic, ...config }),
    surroundings({ timeout: 20_000, ...more }),
  );
  t.after(() => destination.close());
  return {
    topic,
    servers,
    destination,
    send: async (batch: readonly Outgoing[]): Promise<Outcome[]> => (await destination.send(batch, calm)) as Outcome[],
    arrived: () => readTopic(servers, topic),
  };
};

test('the kafka exporter', async (t) => {
  const kafka = await startKafka(t, { settings: ['auto.create.topics.enable=false'] });
  if (!kafka) return;
  const warnings: string[] = [];
  const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
  process.on('warning', note);
  t.after(() => process.off('warning', note));

  await t.test('every event arrives once, byte by byte, with its key, its headers and its time', async (t) => {
    const { send, arrived } = await given(t, kafka, { topic: { partitions: 3 } });
    const batch = range(1, 300).map((number) =>
      event(number, number % 10 === 0 ? null : `key-${number % 7}`, {
        text: '日本語 😀 \u0000',
        huge: 12345678901234567890n.toString(),
      }),
    );
    assert.deepEqual(await send(batch), allDelivered(batch));
    const read = await arrived();
    assert.deepEqual(
      read
        .map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }))
        .sort((one, other) => one.timestamp - other.timestamp),
      batch.map(({ id, at, body }, index) => ({
        key: (index + 1) % 10 === 0 ? id : `key-${(index + 1) % 7}`,
        value: body,
        headers: { 'event-id': id, 'event-kind': 'LLMUsageAudit', 'schema-version': '1' },
        timestamp: at,
      })),
    );
  });

  await t.test('a projection is sent as it is, under a key that tells no more than it does', async (t) => {
    const { send, arrived } = await given(t, kafka);
    const { body: original, ...rest } = event(1, 'team-a');
    await send([{ ...rest, body: '{"cost": 1.50}', original }]);
    assert.partialDeepStrictEqual(await arrived(), [
      { key: rest.id, value: '{"cost": 1.50}', headers: { 'schema-version': '1' } },
    ]);
  });

  await t.test('the events of one API key stay in their order, in one partition', async (t) => {
    const { send, arrived } = await given(t, kafka, { topic: { partitions: 3 } });
    for (let from = 1; from <= 1000; from += 100)
      await send(range(from, from + 99).map((number) => event(number, `key-${number % 5}`)));
    const byKey = Map.groupBy(await arrived(), ({ key }) => key);
    assert.equal(byKey.size, 5);
    for (const [key, read] of byKey) {
      assert.deepEqual(
        read.map(({ value }) => JSON.parse(value).number),
        range(1, 1000).filter((number) => `key-${number % 5}` === key),
      );
      assert.equal(new Set(read.map(({ partition }) => partition)).size, 1);
    }
  });

  await t.test('twenty sends at once have twenty offsets', async (t) => {
    const { send, arrived } = await given(t, kafka);
    const outcomes = await Promise.all(range(1, 20).map((number) => send([event(number, 'k')])));
    assert.deepEqual(outcomes.flat(), allDelivered(range(1, 20)));
    const read = await arrived();
    assert.deepEqual(
      read.map(({ offset }) => offset),
      range(0, 19),
    );
    assert.equal(new Set(read.map(({ headers }) => headers['event-id'])).size, 20);
  });

  await t.test('what gzip, zstd, lz4 and snappy pack, Kafka unpacks', async (t) => {
    const all = ['gzip', 'zstd', 'lz4', 'snappy'] as const;
    const batch = range(1, 50).map((number) => event(number, 'k', { text: 'again and again '.repeat(50) }));
    const packed: string[] = [];
    for (const compression of all) {
      const topic = `packed-${compression}`;
      await createTopic([kafka.first.plain], topic);
      const destination = open(
        read({ servers: [kafka.first.plain], topic, compression }),
        surroundings({ timeout: 20_000 }),
      );
      t.after(() => destination.close());
      const outcomes = (await destination.send(batch, calm)) as Outcome[];
      const [outcome] = outcomes;
      if (outcome?.is === 'blocked' && compression !== 'gzip' && compression !== 'zstd') {
        assert.match(outcome.reason, /needs the package (lz4-napi|kafkajs-snappy): npm install it/);
        t.diagnostic(`${compression}: ${outcome.reason}`);
        continue;
      }
      assert.deepEqual(outcomes, allDelivered(batch));
      packed.push(compression);
    }
    const text = await kafka.java(
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      ...[
        '--bootstrap-server',
        kafka.first.plain,
        '--include',
        'packed-.*',
        '--from-beginning',
        '--timeout-ms',
        '10000',
      ],
      ...['--max-messages', String(batch.length * packed.length)],
    );
    assert.deepEqual(text.trimEnd().split('\n').sort(), packed.flatMap(() => batch.map(({ body }) => body)).sort());
    const dump = await kafka.java(
      'org.apache.kafka.tools.DumpLogSegments',
      '--files',
      packed.map((compression) => `${kafka.folder}/1/data/packed-${compression}-0/00000000000000000000.log`).join(','),
    );
    for (const compression of packed) assert.match(dump, new RegExp(`compresscodec: ${compression}`, 'i'));
  });

  await t.test('an event that is too large arrives without its prompt and its output, and says so', async (t) => {
    for (const [limit, config] of [
      ['1000000', { max_message_bytes: 10_000 }], // known before
      ['10000', {}], // told by the broker
    ] as const) {
      const topic = `trimmed-${limit}`;
      await createTopic([kafka.first.plain], topic, { config: { 'max.message.bytes': limit } });
      const destination = open(
        read({ servers: [kafka.first.plain], topic, ...config }),
        surroundings({ timeout: 20_000 }),
      );
      t.after(() => destination.close());
      const large = event(2, 'k', {
        input_prompt: [{ role: 'user', content: 'p'.repeat(9_000) }],
        input_truncated: false,
        output: { generations: [{ message: { content: 'o'.repeat(9_000) } }] },
        output_truncated: false,
        usage: { total_tokens: 7 },
      });
      assert.deepEqual(await destination.send([event(1, 'k'), large, event(3, 'k')], calm), [
        delivered,
        delivered,
        delivered,
      ]);
      const [first, trimmed, last] = await readTopic([kafka.first.plain], topic);
      assert.deepEqual([first?.value, last?.value], [event(1, 'k').body, event(3, 'k').body]);
      assert.equal(trimmed?.headers['event-trimmed'], 'input_prompt,output');
      assert.deepEqual(JSON.parse(trimmed?.value ?? ''), {
        ...JSON.parse(large.body),
        input_prompt: null,
        input_truncated: true,
        output: null,
        output_truncated: true,
      });
    }
  });

  await t.test('an event that is too large even so is a dead letter, and the others arrive', async (t) => {
    const monster = event(2, 'k', { output: 'o', other: 'x'.repeat(20_000) });
    const known = await given(t, kafka, { config: { max_message_bytes: '10KiB' } });
    const outcomes = await known.send([event(1, 'k'), monster, event(3, 'k')]);
    assert.deepEqual(
      outcomes.map(({ is }) => is),
      ['delivered', 'deadLetter', 'delivered'],
    );
    assert.equal((await known.arrived()).length, 2);

    await createTopic(known.servers, 'told', { config: { 'max.message.bytes': '10000' } });
    const told = open(read({ servers: known.servers, topic: 'told' }), surroundings({ timeout: 20_000 }));
    t.after(() => told.close());
    const more = (await told.send([event(1, 'k'), monster, event(3, 'k')], calm)) as Outcome[];
    assert.deepEqual(
      more.map(({ is }) => is),
      ['delivered', 'split', 'delivered'],
    ); // alone, split is the pipeline's dead letter
    assert.deepEqual(
      (await readTopic(known.servers, 'told')).map(({ headers }) => headers['event-id']),
      [event(1, 'k').id, event(3, 'k').id],
    );
  });

  await t.test('a batch that is more than the topic takes at once arrives in pieces, once and in order', async (t) => {
    const { send, arrived } = await given(t, kafka, { topic: { config: { 'max.message.bytes': '30000' } } });
    const batch = range(1, 200).map((number) => event(number, 'k', { text: 'x'.repeat(1_000) }));
    assert.deepEqual(await send(batch), allDelivered(batch));
    assert.deepEqual(
      (await arrived()).map(({ value }) => value),
      batch.map(({ body }) => body),
    );
  });

  await t.test(
    'events older than the topic takes, and events from the future, arrive with the time of sending',
    async (t) => {
      const { send, arrived } = await given(t, kafka, {
        topic: { config: { 'message.timestamp.before.max.ms': '3600000' } },
      });
      const begun = Date.now();
      const future = { ...event(2, 'k'), at: begun + 100 * 86_400_000 };
      assert.deepEqual(await send([event(1, 'k'), future]), [delivered, delivered]);
      for (const { timestamp } of await arrived()) assert.ok(timestamp >= begun && timestamp <= Date.now());
    },
  );

  await t.test('a topic that is deleted stops the exporter after a while, and created again it goes on', async (t) => {
    let now = Date.now();
    const { destination, topic, servers, send, arrived } = await given(t, kafka, { more: { now: () => now } });
    assert.deepEqual(await send([event(1, 'k')]), [delivered]);
    assert.deepEqual(await destination.check(calm), delivered);
    await deleteTopic(servers, topic);
    assert.partialDeepStrictEqual(await destination.check(calm), { is: 'blocked' });
    assert.partialDeepStrictEqual(await send([event(2, 'k')]), [{ is: 'retry' }]);
    now += 31_000;
    assert.partialDeepStrictEqual(await send([event(2, 'k')]), [
      { is: 'blocked', reason: `there is no topic ${topic}, and the brokers do not create it` },
    ]);
    assert.ok(!(await topics(servers)).includes(topic), 'neither check nor send has created it');
    await createTopic(servers, topic);
    assert.deepEqual(await send([event(2, 'k')]), [delivered]);
    assert.deepEqual(
      (await arrived()).map(({ headers }) => headers['event-id']),
      [event(2, 'k').id],
    );
  });

  await t.test('Node had nothing to warn of', () => assert.deepEqual(warnings, []));
});
