/** Given things of the tests against real search engines: events, exporters to an index of their own, and a look into it. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ExporterConfig } from '../../../exporters/config.ts';
import { Outbox } from '../../../exporters/delivery/outbox.ts';
import { open } from '../../../exporters/elastic/client.ts';
import { problems, read, type Written } from '../../../exporters/elastic/config.ts';
import type { Destination } from '../../../exporters/kind.ts';
import { type EventName, events } from '../../../schemas/fields.ts';
import type { AuditRecord } from '../../../schemas/record.ts';
import { folder, logbook, surroundings } from '../../unit/exporters/given.ts';

/** Of a day in November 2023. */
const time = 1_700_000_000_000;

/** A call as far as a search engine cares. */
export const call = (number: number, fields: object = {}, at = time + number): AuditRecord => {
  const id = `call-${String(number).padStart(6, '0')}`;
  const event = {
    '@id': id,
    '@timestamp': at,
    audit: 'LLMUsageAudit',
    model: 'gpt-4o-mini-2024-07-18',
    usage: { prompt_tokens: number },
    costs: { total_cost: number === 1 ? 0 : 0.000001 * number },
    ...fields,
  };
  return { id, at, kind: 'LLMUsageAudit', body: JSON.stringify(event) };
};

/** Every field of the catalogue filled with its example. */
export const fullEvent = (kind: EventName): AuditRecord => {
  const { fields } = events[kind];
  const event: Record<string, unknown> = {};
  for (const { path, type, example } of fields) {
    const steps = path.split('.');
    const name = steps.pop() ?? path;
    let level = event;
    for (const step of steps) level = level[step] as Record<string, unknown>;
    const isBranch = type === 'object' && fields.some((other) => other.path.startsWith(`${path}.`));
    level[name] = isBranch ? {} : example;
  }
  const id = `full-${kind}`;
  return { id, at: time, kind, body: JSON.stringify({ ...event, '@id': id, '@timestamp': time }) };
};

/** Another for every test. */
export const freshIndex = (): string => `audit-${randomUUID().slice(0, 8)}`;

export const ask = async (url: string, path: string, options: RequestInit & { body?: string } = {}) => {
  const headers = { 'content-type': 'application/json', ...options.headers };
  const response = await fetch(`${url}${path}`, { ...options, headers });
  // biome-ignore lint/suspicious/noExplicitAny: answers of a search engine, looked into by the test
  return { status: response.status, body: JSON.parse(await response.text()) as any };
};

/** How many documents, after a refresh. */
export const count = async (url: string, index: string, headers: Record<string, string> = {}): Promise<number> => {
  await ask(url, `/${index}/_refresh`, { method: 'POST', headers });
  return (await ask(url, `/${index}/_count`, { headers })).body.count;
};

export const elasticConfig = (url: string, index: string, more: Written = {}): Written => ({
  uris: [url],
  index,
  ...more,
  indexSettings: { numberOfReplicas: 0, ...more.indexSettings },
});

/** The destination alone. */
export const destination = (t: TestContext, config: Written, log = logbook().log): Destination => {
  const wrong = problems(config, 'config');
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
  const elastic = open(read(config), surroundings({ timeout: 30_000, log }));
  t.after(() => elastic.close());
  return elastic;
};

export const send = (elastic: Destination, records: readonly AuditRecord[]) =>
  elastic.send(
    records.map((record, index) => ({ seq: index + 1, ...record })),
    new AbortController().signal,
  );

/** An outbox with exporters of this kind that wait next to nothing. */
export const delivering = async (
  t: TestContext,
  configs: Readonly<Record<string, Written>>,
  { dir = folder(t), ...more }: Partial<ExporterConfig> & { dir?: string } = {},
) => {
  const { log, lines } = logbook();
  const exporters = Object.entries(configs).map(
    ([id, config]): ExporterConfig => ({
      type: 'elastic',
      id,
      groupDuration: 5,
      config: { ...config },
      ...more,
      delivery: { backoff_min: '10ms', backoff_max: '500ms', ...more.delivery },
    }),
  );
  const outbox = await Outbox.open({
    dir,
    exporters,
    maxBytes: 1e9,
    segmentBytes: 1e9,
    onFull: 'drop_oldest',
    deadLetters: { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY },
    keep: 0,
    held: false,
    log,
  });
  t.after(() => outbox.close(0).catch(() => {}));
  const deadLetters = (): { id: string; reason: string }[] => {
    const place = join(dir, 'dead-letters');
    return readdirSync(place)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(place, name), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line));
  };
  return { outbox, lines, dir, deadLetters };
};
