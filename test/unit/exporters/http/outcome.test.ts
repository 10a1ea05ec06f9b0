import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOutcome, type Table } from '../../../../exporters/http/outcome.ts';
import { presets } from '../../../../exporters/http/presets.ts';

const now = Date.parse('2026-01-31T10:00:00Z');

const outcome = (preset: keyof typeof presets, status: number, body: string, retryAfter?: string): object => {
  const row: Table = presets[preset];
  return answerOutcome({ status, retryAfter, headers: {}, body: Buffer.from(body) }, row, body, now);
};

const hec = (code: number, more = ''): string => `{"text":"…","code":${code}${more}}`;

const table: [preset: keyof typeof presets, status: number, body: string, expected: object][] = [
  ['splunk', 200, hec(0), { is: 'delivered' }],
  ['splunk', 403, hec(1), { is: 'blocked', final: false }],
  ['splunk', 401, hec(2), { is: 'blocked' }],
  ['splunk', 401, hec(3), { is: 'blocked' }],
  ['splunk', 403, hec(4), { is: 'blocked' }],
  ['splunk', 400, hec(5), { is: 'split' }],
  ['splunk', 400, hec(6, ',"invalid-event-number":3'), { is: 'split' }],
  ['splunk', 400, hec(7, ',"invalid-event-number":0'), { is: 'blocked' }],
  ['splunk', 500, hec(8), { is: 'retry', suspect: true }],
  ['splunk', 503, hec(9), { is: 'retry', after: 0 }],
  ['splunk', 400, hec(10), { is: 'blocked' }],
  ['splunk', 400, hec(11), { is: 'blocked' }],
  ['splunk', 400, hec(12), { is: 'split' }],
  ['splunk', 400, hec(13), { is: 'split' }],
  ['splunk', 400, hec(14), { is: 'blocked' }],
  ['splunk', 400, hec(15), { is: 'split' }],
  ['splunk', 400, hec(16), { is: 'blocked' }],
  ['splunk', 503, hec(18), { is: 'retry' }],
  ['splunk', 503, hec(23), { is: 'retry' }],
  ['splunk', 429, hec(26), { is: 'retry' }],
  ['splunk', 413, 'Content-Length of 900000000 too large', { is: 'split' }],
  ['splunk', 400, 'not JSON', { is: 'split' }],
  ['splunk', 400, 'null', { is: 'split' }],
  ['splunk', 404, '<html>', { is: 'blocked' }],
  ['datadog', 202, '{}', { is: 'delivered' }],
  ['datadog', 400, '', { is: 'split' }],
  ['datadog', 401, '', { is: 'blocked' }],
  ['datadog', 403, '{"errors":["Forbidden"]}', { is: 'blocked', reason: 'HTTP 403: {"errors":["Forbidden"]}' }],
  ['datadog', 408, '', { is: 'retry' }],
  ['datadog', 413, '', { is: 'split' }],
  ['datadog', 429, '', { is: 'retry' }],
  ['datadog', 500, '', { is: 'retry', suspect: true }],
  ['datadog', 503, '', { is: 'retry' }],
  ['newrelic', 202, '{"requestId":"…"}', { is: 'delivered' }],
  ['newrelic', 400, '', { is: 'split' }],
  ['newrelic', 403, '', { is: 'blocked' }],
  ['newrelic', 404, '', { is: 'blocked' }],
  ['newrelic', 408, '', { is: 'retry' }],
  ['newrelic', 413, '', { is: 'split' }],
  ['newrelic', 415, '', { is: 'blocked' }],
  ['newrelic', 429, '', { is: 'retry' }],
  ['newrelic', 503, '', { is: 'retry' }],
  ['loki', 204, '', { is: 'delivered' }],
  ['loki', 260, 'ingestion blocked', { is: 'blocked' }],
  ['loki', 400, 'entry too far behind', { is: 'split' }],
  ['loki', 401, 'no org id', { is: 'blocked' }],
  ['loki', 404, '', { is: 'blocked' }],
  ['loki', 413, '', { is: 'split' }],
  ['loki', 429, 'ingestion rate limit exceeded', { is: 'retry' }],
  ['loki', 500, '', { is: 'retry', suspect: true }],
  ['loki', 503, '', { is: 'retry' }],
];

for (const [preset, status, body, expected] of table) {
  test(`${preset}: ${status} ${body} is ${JSON.stringify(expected)}`, () => {
    assert.partialDeepStrictEqual(outcome(preset, status, body), expected);
  });
}

test('Retry-After counts for presets as well', () => {
  assert.partialDeepStrictEqual(outcome('loki', 429, '', '7'), { is: 'retry', after: 7000 });
});

test('an answer that says yes is a yes, whatever number stands in it', () => {
  assert.deepEqual(outcome('splunk', 200, hec(4)), { is: 'delivered' });
});
