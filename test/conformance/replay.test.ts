/** Real provider traffic, recorded by other projects, against what people and other software read from it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Expected, mismatches } from '../../cli/demo/expected.ts';
import type { Report } from '../../cli/demo/report.ts';
import { llmAudit, temporaryFolder } from '../support/cli.ts';
import { lasting, type Metered, meter } from '../support/meter.ts';

interface Recorded {
  readonly id: string;
  readonly api: string;
  readonly tags: readonly string[];
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly headers: object; readonly body?: unknown; readonly body_base64?: string };
  readonly expected: Expected;
  readonly also_accept?: Expected;
}

const file = join(process.env['LLM_AUDIT_SHARED'] ?? '../shared', 'recordings', 'exchanges.ndjson');
const skip = existsSync(file) ? false : `there are no recordings at ${file}`;

const recordings = (): Recorded[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);

/** The exchanges where we say that the expectation is wrong: listed, with the reason of each, in docs/metering.md. */
const disputed = (): ReadonlySet<string> => {
  const page = readFileSync(new URL('../../docs/metering.md', import.meta.url), 'utf8');
  return new Set([...page.matchAll(/^\| `([A-Za-z0-9._-]+-[0-9a-f]{12})` \|/gm)].map(([, id]) => id ?? ''));
};

interface Wrong {
  readonly id: string;
  readonly what: unknown;
}

/** Lists, counting and stored answers make no event, and neither does a question about one that failed. */
const isFree = ({ api, tags, request, expected }: Recorded): boolean =>
  tags.includes('not_inference') ||
  api === 'count_tokens' ||
  api === 'models' ||
  (request.method === 'GET' && (expected['output_tokens'] ?? null) === null);

const wrongReadings = (lines: readonly Metered[]): Wrong[] => {
  const read = new Map(lines.map((line) => [line.id, line.events]));
  return recordings().flatMap((exchange): Wrong[] => {
    const { id, expected, also_accept } = exchange;
    const events = read.get(id) ?? [];
    const [event] = events;
    if (event === undefined) return isFree(exchange) ? [] : [{ id, what: 'no event' }];
    if (events.length > 1) return [{ id, what: 'several events' }];
    return mismatches(event, expected, also_accept ?? {}).map((what) => ({ id, what }));
  });
};

const packed = (): string =>
  recordings()
    .map(({ response, ...exchange }) => {
      const { body, body_base64: bytes, headers, ...rest } = response;
      const plain =
        bytes === undefined
          ? Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
          : Buffer.from(bytes, 'base64');
      return JSON.stringify({
        ...exchange,
        response: {
          ...rest,
          headers: { ...headers, 'content-encoding': 'gzip' },
          body_base64: gzipSync(plain).toString('base64'),
        },
      });
    })
    .join('\n');

/** Bytes are counted as they crossed the wire. */
const unpacked = (line: Metered): object[] => lasting(line).map((event) => ({ ...event, stream_stats: null }));

test('every recorded exchange is read as expected: whole, byte by byte, seven bytes at a time, packed', {
  skip,
}, async (t) => {
  const [whole, bytes, sevens, gzip] = await Promise.all([
    meter(file),
    meter(file, ['--split', '1']),
    meter(file, ['--split', '7']),
    meter('-', [], packed()),
  ]);
  for (const { code, stderr } of [whole, bytes, sevens, gzip]) assert.deepEqual([code, stderr], [0, '']);
  const known = disputed();
  const wrong = wrongReadings(whole.lines);
  assert.deepEqual(
    wrong.filter(({ id }) => !known.has(id)),
    [],
  );
  const unfounded = [...known].filter((id) => !wrong.some((reading) => reading.id === id));
  assert.deepEqual(unfounded, [], 'docs/metering.md disputes readings that agree');
  assert.deepEqual(bytes.lines.map(lasting), whole.lines.map(lasting));
  assert.deepEqual(sevens.lines.map(lasting), whole.lines.map(lasting));
  assert.deepEqual(gzip.lines.map(unpacked), whole.lines.map(unpacked));
  t.diagnostic(`checked ${whole.lines.length} recorded exchanges in four ways; disputed: ${known.size}`);
});

test('through the running gateway, every recorded exchange gives one delivered event that equals what is expected', {
  skip,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const { stdout, stderr } = await llmAudit(['demo', '--replay', file, '--json', '--data-dir', folder]);
  const { replay, differences, calls, events } = JSON.parse(stdout) as Report;
  assert.deepEqual(differences, [], stderr);
  const known = disputed();
  assert.deepEqual(
    (replay?.mismatches ?? []).filter(({ exchange }) => !known.has(exchange)),
    [],
  );
  assert.equal(events, calls);
  assert.ok((replay?.compared ?? 0) >= recordings().filter((exchange) => !isFree(exchange)).length);
  t.diagnostic(`checked ${replay?.compared} of ${replay?.exchanges} recorded exchanges through the gateway`);
});
