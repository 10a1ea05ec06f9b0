/** Where the benchmark of the exporters sends to: real ones, each in a process of its own. */
import { join } from 'node:path';
import type { ExporterConfig } from '../../../exporters/config.ts';
import { startKafka } from '../../services/kafka.ts';
import { createTopic } from '../../services/kafka-topic.ts';
import { startSearch } from '../../services/search.ts';
import type { Sink } from '../peers/sink.ts';
import { startPeer } from '../process.ts';

export interface Destination {
  readonly name: string;
  /** Its exporter; `dir` is the data directory. */
  entry(dir: string): ExporterConfig;
  /** A slow one gets fewer events. */
  readonly share?: number;
  /** Takes nothing from now on, until `up`; absent: it cannot be told to. */
  down?(): Promise<void>;
  up?(): Promise<void>;
}

export interface Destinations {
  readonly open: readonly Destination[];
  /** Those that cannot be had here, and why. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/** As the services of the tests want it: who ends them, and who is told that they cannot be had. */
interface Start {
  after(end: () => unknown): void;
  skip(reason?: string): void;
}

const file: Destination = {
  name: 'file',
  entry: (dir) => ({ type: 'file', id: 'file', config: { path: join(dir, 'events.ndjson'), maxFileSize: '10GiB' } }),
};

const webhook = async ({ after }: Start): Promise<Destination[]> => {
  const sink = await startPeer<Sink>(new URL('../peers/sink.ts', import.meta.url), 0);
  after(() => sink.stop());
  const url = await sink.call('start');
  return [
    {
      name: 'webhook',
      entry: () => ({ type: 'webhook', id: 'webhook', config: { url } }),
      down: async () => {
        await sink.call('answer', 503);
      },
      up: async () => {
        await sink.call('answer', 200);
      },
    },
  ];
};

let topics = 0;

const kafka = async (start: Start): Promise<Destination[]> => {
  const broker = await startKafka(start as never, { fast: true });
  if (!broker) return [];
  const servers = [broker.first.plain];
  const names = { none: 'kafka', gzip: 'kafka, gzip', zstd: 'kafka, zstd' } as const;
  return Promise.all(
    Object.entries(names).map(async ([compression, name]): Promise<Destination> => {
      const topic = `audit-${++topics}`;
      await createTopic(servers, topic, { partitions: 3 });
      return { name, entry: () => ({ type: 'kafka', id: 'kafka', config: { servers, topic, compression } }) };
    }),
  );
};

const elastic = async (start: Start): Promise<Destination[]> => {
  const server = await startSearch(start as never, 'elasticsearch', { fast: true });
  if (!server) return [];
  return [
    {
      name: 'elastic',
      share: 0.3,
      entry: () => ({ type: 'elastic', id: 'elastic', sendWorkers: 2, config: { uris: [server.url], index: 'audit' } }),
    },
  ];
};

export const destinations = async (): Promise<Destinations> => {
  const ends: (() => unknown)[] = [];
  const missing: string[] = [];
  const start: Start = {
    after: (end) => ends.push(end),
    skip: (reason = '') => missing.push(reason),
  };
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return {
      open: [file, ...(await webhook(start)), ...(await kafka(start)), ...(await elastic(start))],
      missing,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
