/** Topics of a real Kafka as a test sees them: made, read whole, deleted. */
import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { codecOf } from '../../exporters/kafka/codecs.ts';
import { kafkajs } from '../../exporters/kafka/library.ts';

export interface Read {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

export interface TopicSettings {
  readonly partitions?: number;
  readonly config?: Readonly<Record<string, string>>;
}

const client = (servers: readonly string[]): Kafka =>
  new kafkajs.Kafka({ brokers: [...servers], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 3 } });

/** Until it works, for half a minute: leaders may be on the move, and brokers on their way up. */
const withAdmin = async <T>(servers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> => {
  const until = Date.now() + 30_000;
  for (;;) {
    const admin = client(servers).admin();
    try {
      await admin.connect();
      return await work(admin);
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    } finally {
      await admin.disconnect();
    }
  }
};

/** Resolves when every partition of it has a leader that knows it is one. */
export const createTopic = async (
  servers: readonly string[],
  topic: string,
  { partitions = 1, config = {} }: TopicSettings = {},
): Promise<void> => {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await withAdmin(servers, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }] }),
  );
  await withAdmin(servers, (admin) => admin.fetchTopicOffsets(topic));
};

export const deleteTopic = (servers: readonly string[], topic: string): Promise<void> =>
  withAdmin(servers, (admin) => admin.deleteTopics({ topics: [topic] }));

export const topics = (servers: readonly string[]): Promise<string[]> =>
  withAdmin(servers, (admin) => admin.listTopics());

/** The number of the broker that leads a partition. */
export const leaderOf = (servers: readonly string[], topic: string, partition: number): Promise<number | undefined> =>
  withAdmin(servers, async (admin) => {
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
    return metadata.topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader;
  });

/** Forbids a user to write to a topic. */
export const forbid = (servers: readonly string[], topic: string, username: string): Promise<boolean> =>
  withAdmin(servers, (admin) =>
    admin.createAcls({
      acl: [
        {
          resourceType: kafkajs.AclResourceTypes.TOPIC,
          resourceName: topic,
          resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
          principal: `User:${username}`,
          host: '*',
          operation: kafkajs.AclOperationTypes.WRITE,
          permissionType: kafkajs.AclPermissionTypes.DENY,
        },
      ],
    }),
  );

/** All there is in a topic at this moment, each partition in its order. */
export const readTopic = async (servers: readonly string[], topic: string): Promise<Read[]> => {
  await codecOf('zstd');
  const ends = await withAdmin(servers, (admin) => admin.fetchTopicOffsets(topic));
  const expected = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  const read: Read[] = [];
  if (expected === 0) return read;
  const consumer = client(servers).consumer({ groupId: randomUUID() });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const complete = Promise.withResolvers<void>();
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, key, value, headers = {}, timestamp } }) => {
        read.push({
          partition,
          offset: Number(offset),
          key: key?.toString() ?? null,
          value: value?.toString() ?? '',
          headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
          timestamp: Number(timestamp),
        });
        if (read.length >= expected) complete.resolve();
      },
    });
    const tooLate = setTimeout(
      () => complete.reject(new Error(`${read.length} of ${expected} messages of ${topic} after 30 s`)),
      30_000,
    );
    await complete.promise;
    clearTimeout(tooLate);
  } finally {
    await consumer.disconnect();
  }
  return read.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
};
