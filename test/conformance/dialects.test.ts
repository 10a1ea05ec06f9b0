/** Every dialect against its fixture: test/fixtures/dialects/<name>.ndjson, one exchange a line and what it means. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Expected, mismatches } from '../../cli/demo/expected.ts';
import { readExchange } from '../../cli/exchange.ts';
import { dialects } from '../../plugins/dialects/registry.generated.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Exchange } from '../../server/meter.ts';
import { pluginsMeter } from '../support/plugins-meter.ts';

interface Fixture {
  readonly id: string;
  /** In the words of docs/metering.md; absent: the call is free and makes no event. */
  readonly expected?: Expected;
  /** A part of the event, for what those words do not cover. */
  readonly event?: object;
}

const folder = new URL('../fixtures/dialects/', import.meta.url);

const fixturesOf = (name: string): { fixture: Fixture; exchange: Exchange }[] => {
  const file = new URL(`${name}.ndjson`, folder);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => ({ fixture: JSON.parse(line) as Fixture, exchange: readExchange(JSON.parse(line)) }));
};

const packed = ({ request, response }: Exchange): Exchange => ({
  request,
  response: {
    ...response,
    headers: { ...response.headers, 'content-encoding': 'gzip' },
    body: gzipSync(response.body),
  },
});

/** How the answer may come: none of it may change what is read. */
const ways: readonly (readonly [string, number | null, (exchange: Exchange) => Exchange])[] = [
  ['whole', null, (exchange) => exchange],
  ['byte by byte', 1, (exchange) => exchange],
  ['seven bytes at a time', 7, (exchange) => exchange],
  ['packed', null, packed],
];

for (const { name } of dialects) {
  test(`${name}: every exchange of its fixture is read as expected, however it is cut`, async () => {
    const fixtures = fixturesOf(name);
    assert.ok(fixtures.length > 0, `there is no exchange in test/fixtures/dialects/${name}.ndjson`);
    const readers = ways.map(([way, split, change]) => ({ way, change, read: pluginsMeter(split) }));
    for (const { fixture, exchange } of fixtures) {
      for (const { way, change, read } of readers) {
        // Fetched answers are billed once by each reader, so each exchange must have a path of its own.
        const events = await read(change(exchange));
        check(fixture, events, `${fixture.id}, ${way}`);
      }
    }
  });
}

const check = ({ expected, event: part }: Fixture, events: readonly LLMUsageAudit[], what: string): void => {
  assert.equal(events.length, expected === undefined ? 0 : 1, `${what}: number of events`);
  const [event] = events;
  if (event === undefined || expected === undefined) return;
  assert.deepEqual(mismatches(event, expected, {}), [], what);
  if (part !== undefined) assert.partialDeepStrictEqual(event, part, what);
};
