/** Real provider traffic, recorded by other projects, against what people and other software read from it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Expected, mismatches } from '../../cli/demo/expected.ts';
import type { Report } from '../../cli/demo/report.ts';
import { llmAudit, temporaryFolder } from '../support/cli.ts';
import { lasting, meter } from '../support/meter.ts';

interface Recorded {
  readonly id: string;
  readonly api: string;
  readonly tags: readonly string[];
  readonly request: { readonly url: string };
  readonly expected: Expected;
  readonly also_accept?: Expected;
}

const file = join(process.env['LLM_AUDIT_SHARED'] ?? '../shared', 'recordings', 'exchanges.ndjson');
const skip = existsSync(file) ? false : `there are no recordings at ${file}`;
/** In the words of the recordings. */
const apis = new Set(['chat.completions', 'responses', 'messages']);

const recordings = (): Recorded[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded)
    .filter(({ api }) => apis.has(api));

test('metered whole and byte by byte, every recorded exchange of the three dialects is read as expected', {
  skip,
}, async (t) => {
  const [whole, bytes] = await Promise.all([meter(file), meter(file, ['--split', '1'])]);
  assert.deepEqual([whole.code, whole.stderr, bytes.code, bytes.stderr], [0, '', 0, '']);
  assert.deepEqual(bytes.lines.map(lasting), whole.lines.map(lasting));

  const lines = new Map(whole.lines.map((line) => [line.id, line]));
  const known = recordings();
  const wrong = known.flatMap(({ id, expected, also_accept }) => {
    const events = lines.get(id)?.events ?? [];
    const found = events[0] ? mismatches(events[0], expected, also_accept ?? {}) : ['no event'];
    return [...found, ...(events.length > 1 ? ['several events'] : [])].map((what) => ({ id, what }));
  });
  assert.deepEqual(wrong, []);

  // Another accepted value is the sum over several passes, or a provider's figure without the cache, which is not ours.
  const others = known.filter(({ id, expected }) => {
    const event = lines.get(id)?.events[0];
    return event && mismatches(event, expected, {}).some(({ field }) => /prompt|generation/.test(field));
  });
  assert.ok(
    others.every(({ tags }) => tags.includes('iterations')),
    JSON.stringify(others.map(({ id }) => id)),
  );
  t.diagnostic(`checked ${known.length} of ${whole.lines.length} recorded exchanges, whole and byte by byte`);
});

test('through the running gateway, every recorded exchange gives one delivered event that equals what is expected', {
  skip,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await llmAudit(['demo', '--replay', file, '--json', '--data-dir', folder]);
  const { replay, differences, calls, events } = JSON.parse(stdout) as Report;
  assert.deepEqual(differences, [], stderr);
  assert.deepEqual(replay?.mismatches, []);
  assert.equal(code, 0);
  assert.equal(events, calls);
  assert.ok((replay?.compared ?? 0) >= recordings().length);
  t.diagnostic(`checked ${replay?.compared} of ${replay?.exchanges} recorded exchanges through the gateway`);
});
