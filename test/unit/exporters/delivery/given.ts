/** Given an outbox in a directory, exporters to files and webhooks, and a destination that answers as the test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import { Outbox, type OutboxOptions } from '../../../../exporters/delivery/outbox.ts';
import { linesOf } from '../../../support/lines.ts';
import { logbook, record } from '../given.ts';

export const options = (
  dir: string,
  exporters: ExporterConfig[],
  more: Partial<OutboxOptions> = {},
): OutboxOptions => ({
  dir,
  exporters,
  maxBytes: 1e9,
  segmentBytes: 100_000,
  onFull: 'drop_oldest',
  keep: 0,
  held: false,
  deadLetters: { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY },
  log: logbook().log,
  ...more,
});

export const file = (dir: string, id: string, more: Partial<ExporterConfig> = {}): ExporterConfig => ({
  type: 'file',
  id,
  groupDuration: 5,
  config: { path: join(dir, `${id}.ndjson`) },
  ...more,
});

export const opened = async (t: TestContext, settings: OutboxOptions): Promise<Outbox> => {
  const outbox = await Outbox.open(settings);
  t.after(() => outbox.close(0).catch(() => {}));
  return outbox;
};

export const ids = (dir: string, name: string): string[] =>
  linesOf(join(dir, `${name}.ndjson`)).map((line) => JSON.parse(line)['@id']);

export const idsOf = (numbers: number[]): string[] => numbers.map((number) => record(number).id);

/** A destination that answers as the test says, and the ids that it has accepted, in order. */
export const sink = async (t: TestContext, answer: (ids: string[]) => number | Promise<number>) => {
  const taken: string[] = [];
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const batch = (JSON.parse(Buffer.concat(chunks).toString() || '[]') as { '@id': string }[]).map(
      (event) => event['@id'],
    );
    const status = await answer(batch);
    if (status < 300) taken.push(...batch);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
};

export const webhook = (url: string, more: Partial<ExporterConfig> = {}): ExporterConfig => ({
  type: 'webhook',
  id: 'w',
  groupDuration: 5,
  config: { url },
  delivery: { backoff_min: '10ms', backoff_max: '20ms' },
  ...more,
});
