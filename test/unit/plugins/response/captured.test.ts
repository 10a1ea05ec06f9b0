import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../../plugins/wire.ts';
import { eventOf } from '../../../support/attempt.ts';
import { sse } from '../../../support/reading.ts';

const capture = { mode: 'full', maxBytes: 4096 } as const;

/** The message that an event shows of an answer, streamed event by event. */
const shown = async (path: string, answer: readonly string[], more: { vendor?: string; body?: Json } = {}) => {
  const body = { model: 'm', stream: true, max_tokens: 9, messages: [], input: 'hi', ...(more.body as object) };
  const event = await eventOf({ path, answer, capture, vendor: more.vendor ?? 'openai', body });
  const output = event.output as { generations: { message: Json }[] } | null;
  return { message: output?.generations[0]?.message, truncated: event.output_truncated, event };
};

const calls = [
  { name: 'weather', arguments: '{"city":"Paris"}' },
  { name: 'time', arguments: '{"zone":"UTC"}' },
];
const message = { role: 'assistant', content: 'I look.', tool_calls: calls, reasoning: 'Where? Paris.' };

test('Chat Completions: calls that come interleaved are put together each', async () => {
  const delta = (part: object, index = 0) =>
    sse({ id: 'c', model: 'm', choices: [{ index, delta: part, finish_reason: null }] });
  const call = (index: number, part: object, id?: string) =>
    delta({ tool_calls: [{ index, ...(id ? { id } : {}), function: part }] });
  const {
    message: streamed,
    truncated,
    event,
  } = await shown('/v1/chat/completions', [
    delta({ reasoning_content: 'Where? ' }),
    delta({ reasoning_content: 'Paris.' }),
    delta({ content: 'I ' }),
    delta({ content: 'look.' }),
    call(0, { name: 'weather', arguments: '' }, 'a'),
    call(1, { name: 'time', arguments: '{"zo' }, 'b'),
    call(0, { arguments: '{"city":' }),
    call(1, { arguments: 'ne":"UTC"}' }),
    call(0, { arguments: '"Paris"}' }),
  ]);
  assert.deepEqual(streamed, message);
  assert.equal(truncated, false);
  assert.deepEqual(event.tools.called, ['weather', 'time']);
});

test('Chat Completions: of several choices the first is shown, and the cut is marked', async () => {
  const choice = (index: number, content: string) =>
    sse({ id: 'c', model: 'm', choices: [{ index, delta: { content }, finish_reason: null }] });
  const answer = [choice(0, 'first '), choice(1, 'second '), choice(0, 'one'), choice(1, 'one')];
  const { message: streamed, truncated, event } = await shown('/v1/chat/completions', answer);
  assert.deepEqual(streamed, { role: 'assistant', content: 'first one' });
  assert.equal(truncated, true);
  // All that was generated counts: 19 characters.
  assert.equal(event.usage.generation_tokens, 5);
});

test('Responses: text, reasoning and arguments come in events of their own', async () => {
  const { message: streamed } = await shown('/v1/responses', [
    sse({ type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'Where? ' }),
    sse({ type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'Paris.' }),
    sse({ type: 'response.output_text.delta', output_index: 1, delta: 'I ' }),
    sse({ type: 'response.output_text.delta', output_index: 1, delta: 'look.' }),
    sse({
      type: 'response.output_item.added',
      output_index: 2,
      item: { type: 'function_call', name: 'weather', arguments: '' },
    }),
    sse({
      type: 'response.output_item.added',
      output_index: 3,
      item: { type: 'function_call', name: 'time', arguments: '' },
    }),
    sse({ type: 'response.function_call_arguments.delta', output_index: 3, delta: '{"zone":"UTC"}' }),
    sse({ type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"city":' }),
    sse({ type: 'response.function_call_arguments.delta', output_index: 2, delta: '"Paris"}' }),
  ]);
  assert.deepEqual(streamed, message);
});

test('Responses: an answer in one piece shows the same', async () => {
  const output = [
    {
      type: 'reasoning',
      summary: [
        { type: 'summary_text', text: 'Where? ' },
        { type: 'summary_text', text: 'Paris.' },
      ],
    },
    { type: 'message', content: [{ type: 'output_text', text: 'I look.' }] },
    ...calls.map((call) => ({ type: 'function_call', ...call })),
  ];
  const answer = JSON.stringify({ object: 'response', status: 'completed', model: 'm', output });
  const { message: whole } = await shown('/v1/responses', [answer]);
  assert.deepEqual(whole, message);
});

test('Anthropic Messages: thinking is reasoning, and input_json_delta the arguments of its block', async () => {
  const block = (index: number, content_block: object) => sse({ type: 'content_block_start', index, content_block });
  const delta = (index: number, part: object) => sse({ type: 'content_block_delta', index, delta: part });
  const { message: streamed } = await shown(
    '/v1/messages',
    [
      block(0, { type: 'thinking', thinking: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Where? ' }),
      delta(0, { type: 'thinking_delta', thinking: 'Paris.' }),
      delta(0, { type: 'signature_delta', signature: 'c2lnbmVk'.repeat(40) }),
      block(1, { type: 'text', text: '' }),
      delta(1, { type: 'text_delta', text: 'I look.' }),
      block(2, { type: 'tool_use', id: 'a', name: 'weather', input: {} }),
      delta(2, { type: 'input_json_delta', partial_json: '{"city":"Paris"}' }),
      block(3, { type: 'tool_use', id: 'b', name: 'time', input: { zone: 'UTC' } }),
    ],
    { vendor: 'anthropic' },
  );
  assert.deepEqual(streamed, message);
});

test('memory that an answer takes for capture is bounded, whatever its length', async () => {
  const delta = (content: string) =>
    sse({ id: 'c', model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  const answer = Array.from({ length: 3000 }, (_, at) => delta(`${at} ${'word '.repeat(20)}`));
  const { message: streamed, truncated, event } = await shown('/v1/chat/completions', answer);
  assert.ok(Buffer.byteLength(JSON.stringify(streamed)) <= capture.maxBytes);
  assert.equal(truncated, true);
  assert.ok((event.usage.generation_tokens ?? 0) > 70_000);
});

test('a prompt of the Responses API begins with its instructions', async () => {
  const { event } = await shown('/v1/responses', ['{"object":"response"}'], {
    body: { instructions: 'Be brief.', input: 'hi' },
  });
  assert.deepEqual(event.input_prompt, [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'hi' },
  ]);
});
