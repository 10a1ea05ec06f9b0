/** The port to Kafka by kafkajs 2.2.4, which is no longer maintained: nothing is left to its own retries, logs and sockets. */
import type { SASLOptions } from 'kafkajs';
import type { Trust } from '../net/address.ts';
import { codecOf } from './codecs.ts';
import type { KafkaConfig } from './config.ts';
import { failureOf } from './failure.ts';
import { kafkajs } from './library.ts';
import { KafkaFailure, type KafkaPort } from './port.ts';
import { newSockets } from './sockets.ts';

/** Milliseconds that kafkajs has to put its timers away. */
const closing = 500;

/** `timeout`: milliseconds for one request. */
export const kafkajsPort = (config: KafkaConfig, timeout: number, trust?: Trust): KafkaPort => {
  const sockets = newSockets(trust);
  const requestTimeout = Math.min(timeout, config.requestTimeout);
  const kafka = new kafkajs.Kafka({
    brokers: [...config.servers],
    clientId: config.clientId,
    ...(config.tls && { ssl: config.tls }),
    ...(config.sasl && { sasl: config.sasl as SASLOptions }),
    connectionTimeout: Math.min(timeout, 10_000),
    authenticationTimeout: requestTimeout,
    requestTimeout,
    // Each server gets one try; everything else is tried again by the pipeline, in its own time.
    retry: { retries: config.servers.length - 1, initialRetryTime: 50, maxRetryTime: 500 },
    socketFactory: sockets.open,
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => {},
  });
  // Not `idempotent`: kafkajs calls it experimental, a lost answer can leave it with sequence numbers that the broker
  // refuses for ever (kafkajs #598), and it ends with the producer anyway. Repeated events are told by their ids.
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: true,
    idempotent: false,
    maxInFlightRequests: 1,
    retry: { retries: 0 },
  });
  const admin = kafka.admin({ retry: { retries: 0 } });

  const orFail = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      throw failureOf(thrown);
    }
  };

  return {
    connect: () =>
      orFail(async () => {
        await codecOf(config.compression);
        await producer.connect();
      }),

    send: (messages) =>
      orFail(async () => {
        const topicMessages = messages.map(({ key, value, headers, timestamp }) => ({
          key,
          value,
          headers,
          timestamp: String(timestamp),
        }));
        const acknowledged = await producer.send({
          topic: config.topic,
          messages: topicMessages,
          acks: -1,
          timeout: requestTimeout,
          compression: await codecOf(config.compression),
        });
        if (acknowledged.length === 0) throw new KafkaFailure('NO_METADATA'); // never seen; but silence is no yes
      }),

    healthy: () =>
      orFail(async () => {
        await codecOf(config.compression);
        await admin.connect();
        await admin.fetchTopicMetadata({ topics: [config.topic] });
      }),

    close: async () => {
      sockets.close();
      const done = Promise.allSettled([producer.disconnect(), admin.disconnect()]);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        done,
        new Promise((resolve) => {
          timer = setTimeout(resolve, closing);
        }),
      ]);
      clearTimeout(timer);
    },
  };
};
