/** Whatever a client or a provider sends, there is one event, it is valid by its schema, and no secret of ours is in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMeter, type Exchange } from '../../../server/meter.ts';
import { testSettings } from '../../support/stack.ts';

const names = [
  'model',
  'id',
  'usage',
  'choices',
  'message',
  'delta',
  'content',
  'text',
  'finish_reason',
  'stop_reason',
  'error',
  'type',
  'code',
  'messages',
  'role',
  'tools',
  'function',
  'name',
  'stream',
  'stream_options',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation',
  'iterations',
  'prompt_tokens_details',
  'cached_tokens',
  'completion_tokens_details',
  'reasoning_tokens',
  'response',
  'output',
  'input',
  'status',
  'metadata',
  'user',
  'user_id',
  'max_tokens',
  'service_tier',
  'tool_choice',
  'tool_calls',
  'incomplete_details',
  'reason',
  'cost',
  'cost_in_usd_ticks',
  'x_groq',
  'server_tool_use',
  'web_search_requests',
  '__proto__',
  'constructor',
  'temperature',
  'input_tokens_details',
];
const leaf = fc.oneof(
  fc.constantFrom(
    '',
    'stop',
    'gpt-4o-mini',
    'claude-sonnet-4-5',
    'x'.repeat(3000),
    '\u0000\ud800',
    `sk-${'a'.repeat(40)}`,
    '12',
    '-5',
    'NaN',
    '1e999',
  ),
  fc.constantFrom(0, -1, 1, 12.5, 1e15, 2 ** 53 + 2, 1e308, true, false, null),
  fc.string({ maxLength: 20 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 7 }),
  ),
}));
const json = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 10 }).map((object) => JSON.stringify(object));
const sse = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        '',
        'event: message_start\n',
        'event: message_delta\n',
        'event: content_block_delta\n',
        'event: response.completed\n',
      ),
      json,
    ),
    { maxLength: 8 },
  )
  .map((events) => events.map(([head, body]) => `${head}data: ${body}\n\n`).join(''));
const body = fc.oneof(json, sse, fc.string(), fc.constantFrom('', 'null', '[]', '{', '<html>'));
const header = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'authorization',
    'x-llm-audit-user',
    'x-llm-audit-session',
    'traceparent',
    'x-ratelimit-limit-requests',
    'x-ratelimit-remaining-requests',
    'x-request-id',
  ),
  fc.oneof(
    fc.constantFrom(
      'text/event-stream',
      'gzip',
      'application/json',
      '-5',
      '1e99',
      'x'.repeat(1000),
      'a@b.co',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ),
    fc.string({ maxLength: 12 }),
  ),
);

const exchange = fc.record({
  path: fc.constantFrom(
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/messages',
    '/openai/deployments/d%20x/chat/completions',
    '/v1/images/generations',
  ),
  host: fc.constantFrom('api.openai.com', 'api.anthropic.com', 'res.openai.azure.com', 'unknown.example'),
  requestHeaders: header,
  requestBody: body,
  status: fc.constantFrom(200, 201, 400, 401, 429, 500, 529),
  responseHeaders: header,
  responseBody: body,
});

for (const mode of ['none', 'hash', 'redacted', 'full'] as const) {
  test(`any exchange makes one valid event (capture: ${mode})`, async () => {
    const settings = { ...testSettings(() => {}, {}), capture: { mode, maxBytes: 2048 } };
    await fc.assert(
      fc.asyncProperty(exchange, fc.constantFrom(null, 1, 7), async (made, split) => {
        const meter = createMeter(settings, split);
        const given: Exchange = {
          request: {
            method: 'POST',
            url: `https://${made.host}${made.path}`,
            headers: made.requestHeaders,
            body: Buffer.from(made.requestBody),
          },
          response: { status: made.status, headers: made.responseHeaders, body: Buffer.from(made.responseBody) },
        };
        const events = await meter.read(given);
        assert.equal(events.length, 1);
        assert.ok(Buffer.byteLength(events[0] ?? '') < 256 * 1024);
        assert.doesNotMatch(events[0] ?? '', /sk-a{20}/);
      }),
      { numRuns: 1500 },
    );
  });
}
