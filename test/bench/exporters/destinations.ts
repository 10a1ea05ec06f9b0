/** Where the benchmark of the exporters sends to: real ones, each in a process of its own. */
import { join } from 'node:path';
import type { ExporterConfig } from '../../../exporters/config.ts';
import type { Sink } from '../peers/sink.ts';
import { startPeer } from '../process.ts';

export interface Destination {
  readonly name: string;
  /** Its exporter; `dir` is the data directory. */
  entry(dir: string): ExporterConfig;
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

const file: Destination = {
  name: 'file',
  entry: (dir) => ({ type: 'file', id: 'file', config: { path: join(dir, 'events.ndjson'), maxFileSize: '10GiB' } }),
};

const webhookSink = async (): Promise<{ destination: Destination; close(): Promise<void> }> => {
  const sink = await startPeer<Sink>(new URL('../peers/sink.ts', import.meta.url), 0);
  const url = await sink.call('start');
  return {
    destination: {
      name: 'webhook',
      entry: () => ({ type: 'webhook', id: 'webhook', config: { url } }),
      down: async () => {
        await sink.call('answer', 503);
      },
      up: async () => {
        await sink.call('answer', 200);
      },
    },
    close: () => sink.stop(),
  };
};

export const destinations = async (): Promise<Destinations> => {
  const webhook = await webhookSink();
  return { open: [file, webhook.destination], missing: [], close: () => webhook.close() };
};
