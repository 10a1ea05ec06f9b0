import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiResponses } from '../../../../plugins/dialects/openai-responses.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const usage = {
  input_tokens: 75,
  input_tokens_details: { cached_tokens: 50, cache_write_tokens: 5 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 30 },
  total_tokens: 115,
};
const response = (status: string, more: object = {}) => ({ id: 'resp', model: 'gpt-x', status, usage: null, ...more });

for (const [type, status, reason] of [
  ['response.completed', 'completed', null],
  ['response.incomplete', 'incomplete', 'max_output_tokens'],
  ['response.failed', 'failed', null],
  ['response.cancelled', 'cancelled', null],
] as const) {
  test(`usage is read from ${type}, and once`, () => {
    const stream = sse(
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.in_progress', response: response('in_progress', { usage: { ...usage, output_tokens: 1 } }) },
      { type: 'response.output_text.delta', delta: 'Hi' },
      { type, response: response(status, { usage, incomplete_details: status === 'incomplete' ? { reason } : null }) },
    );
    for (const split of [1, 1 << 20]) {
      const reading = readAnswer(openaiResponses, stream, split);
      assert.partialDeepStrictEqual(reading, {
        model: 'gpt-x',
        finish: reason === null ? [] : [reason],
        complete: true,
        usage: { input: 75, output: 40, cacheRead: 50, cacheWrite: 5, reasoning: 30 },
      });
    }
  });
}

test('a failed response inside a stream of status 200 is an error', () => {
  const stream = sse({
    type: 'response.failed',
    response: response('failed', { error: { code: 'insufficient_quota', message: 'You exceeded' } }),
  });
  assert.partialDeepStrictEqual(readAnswer(openaiResponses, stream), {
    error: { code: 'insufficient_quota' },
    usage: null,
  });
});

test('an error event without an object inside is read from the event itself', () => {
  assert.partialDeepStrictEqual(
    readAnswer(openaiResponses, sse({ type: 'error', code: 'server_error', message: 'oops' })).error,
    { code: 'server_error', message: 'oops' },
  );
});

test('searches are counted, opening a page is not', () => {
  const output = ['search', 'open_page', 'search', 'find_in_page'].map((type) => ({
    type: 'web_search_call',
    action: { type },
  }));
  assert.equal(
    readAnswer(openaiResponses, JSON.stringify(response('completed', { usage, output }))).usage?.webSearches,
    2,
  );
});

test('a plain answer gives its text and its calls', () => {
  const output = [
    { type: 'message', content: [{ type: 'output_text', text: 'Paris' }] },
    { type: 'function_call', name: 'lookup', arguments: '{}' },
  ];
  const reading = readAnswer(
    openaiResponses,
    JSON.stringify(response('completed', { usage, output })),
    undefined,
    true,
  );
  assert.partialDeepStrictEqual(reading, {
    toolCalls: ['lookup'],
    finish: [],
    text: { content: ['Paris'], calls: [{ name: 'lookup', arguments: ['{}'] }] },
  });
});

test('a stored answer brings figures once it is there, and only if it was made in the background', () => {
  const read = (status: string, background: boolean) =>
    readAnswer(openaiResponses, JSON.stringify(response(status, { background, usage })));
  assert.partialDeepStrictEqual(read('queued', true), { pending: true, deferred: true });
  assert.partialDeepStrictEqual(read('completed', true), { pending: false, deferred: true, usage: { input: 75 } });
  assert.equal(read('completed', false).deferred, false);
  for (const [path, fetches] of [
    ['/v1/responses/resp_1', true],
    ['/v1/responses', false],
    ['/v1/responses/resp_1/input_items', false],
  ] as const)
    assert.equal(openaiResponses.fetches?.(path), fetches, path);
});

test('the provider’s own tools are called by the name of their type', () => {
  const output = [
    { type: 'web_search_call', action: { type: 'search' } },
    { type: 'code_interpreter_call', code: '1 + 1' },
    { type: 'custom_tool_call', name: 'shell', input: 'ls' },
    { type: 'mcp_call', name: 'find', arguments: '{}' },
  ];
  assert.deepEqual(readAnswer(openaiResponses, JSON.stringify(response('completed', { usage, output }))).toolCalls, [
    'web_search',
    'code_interpreter',
    'shell',
    'find',
  ]);
});

test('reasoning, refusals and arguments are text, sound is not', () => {
  const stream = sse(
    { type: 'response.created', response: response('in_progress') },
    { type: 'response.reasoning_summary_text.delta', delta: 'abc' },
    { type: 'response.refusal.delta', delta: 'de' },
    { type: 'response.output_audio.delta', delta: 'AAAAAAAA' },
    { type: 'response.function_call_arguments.delta', delta: '{}' },
    { type: 'response.completed', response: response('completed', { usage }) },
  );
  for (const wantText of [false, true])
    assert.equal(readAnswer(openaiResponses, stream, undefined, wantText).outputChars, 7);
});

test('pictures that a tool made are a pass of their own, beside the model’s own figures', () => {
  const made = { input_tokens: 20, output_tokens: 272, output_tokens_details: { image_tokens: 272 } };
  const tools = [{ type: 'image_generation', model: 'gpt-image-1' }];
  const { usage: read } = readAnswer(
    openaiResponses,
    JSON.stringify(response('completed', { usage, tools, tool_usage: { image_gen: made } })),
  );
  assert.partialDeepStrictEqual(read, { input: 75, output: 40 });
  assert.deepEqual(
    read?.passes?.map((pass) => [pass.model, pass.usage.output, pass.usage.outputImage]),
    [
      [null, 40, null],
      ['gpt-image-1', 272, 272],
    ],
  );
  const none = { tool_usage: { image_gen: { input_tokens: 0, output_tokens: 0 } } };
  assert.equal(
    readAnswer(openaiResponses, JSON.stringify(response('completed', { usage, ...none }))).usage?.passes,
    null,
  );
});
