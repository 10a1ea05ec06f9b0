import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropicMessages } from '../../../../plugins/dialects/anthropic-messages.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const start = (usage: object) => ({ type: 'message_start', message: { id: 'msg', model: 'claude-m', usage } });
const text = (value: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: value } });
const delta = (usage: object, stop_reason: string | null = 'end_turn') => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage,
});
const end = { type: 'message_stop' };
const usageOf = (...events: object[]) => readAnswer(anthropicMessages, sse(...events)).usage;

test('cache reads and writes are added to the input that the provider reports without them', () => {
  const body = {
    id: 'msg',
    model: 'claude-m',
    stop_reason: 'end_turn',
    content: [{ type: 'text', text: 'hi' }],
    usage: {
      input_tokens: 17,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 2056,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 2056 },
      output_tokens: 100,
    },
  };
  assert.partialDeepStrictEqual(readAnswer(anthropicMessages, JSON.stringify(body)).usage, {
    input: 2173,
    output: 100,
    cacheRead: 100,
    cacheWrite: 2056,
    cacheWrite1h: 2056,
    cacheWrite5m: 0,
  });
});

test('the last snapshot of a stream counts: output is not added up', () => {
  const usage = usageOf(
    start({ input_tokens: 45, output_tokens: 1 }),
    text('a'),
    delta({ output_tokens: 10 }, null),
    text('b'),
    delta({ output_tokens: 511 }),
    end,
  );
  assert.partialDeepStrictEqual(usage, { input: 45, output: 511 });
});

test("a later snapshot with cache counters brings its own input, and the first one's is dropped", () => {
  const usage = usageOf(
    start({ input_tokens: 1200, output_tokens: 0 }),
    delta({ input_tokens: 200, cache_read_input_tokens: 1000, output_tokens: 9 }),
    end,
  );
  assert.partialDeepStrictEqual(usage, { input: 1200, cacheRead: 1000, output: 9 });
});

test('null in a later snapshot says nothing', () => {
  assert.partialDeepStrictEqual(
    usageOf(
      start({ input_tokens: 45, cache_read_input_tokens: 5, output_tokens: 1 }),
      delta({ input_tokens: null, cache_read_input_tokens: null, output_tokens: 3 }),
      end,
    ),
    { input: 50, output: 3 },
  );
});

test('all passes of an answer with iterations are counted, each with its own model', () => {
  const usage = usageOf(
    start({ input_tokens: 2411, output_tokens: 1 }),
    delta({
      output_tokens: 145,
      iterations: [
        { type: 'message', input_tokens: 1128, output_tokens: 135 },
        {
          type: 'advisor_message',
          model: 'claude-other',
          input_tokens: 2543,
          output_tokens: 18,
          cache_creation_input_tokens: 50,
        },
        { type: 'message', input_tokens: 1283, output_tokens: 10 },
      ],
    }),
    end,
  );
  assert.partialDeepStrictEqual(usage, { input: 1128 + 2543 + 50 + 1283, output: 163, cacheWrite: 50 });
  assert.deepEqual(
    usage?.passes?.map(({ model }) => model),
    [null, 'claude-other', null],
  );
});

test('a lone compaction pass is paid, though the top level says nothing was used', () => {
  const usage = usageOf(
    start({ input_tokens: 0, output_tokens: 0 }),
    delta(
      {
        input_tokens: 0,
        output_tokens: 0,
        iterations: [{ type: 'compaction', input_tokens: 180_000, output_tokens: 3500 }],
      },
      'compaction',
    ),
    end,
  );
  assert.partialDeepStrictEqual(usage, { input: 180_000, output: 3500 });
});

test('a web search stream is billed by the final cache total, not by the breakdown of its start', () => {
  const usage = usageOf(
    start({
      input_tokens: 9,
      cache_creation_input_tokens: 31_490,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 30_490, ephemeral_1h_input_tokens: 1000 },
      output_tokens: 1,
    }),
    delta({
      input_tokens: 12,
      cache_creation_input_tokens: 184_457,
      cache_read_input_tokens: 600,
      output_tokens: 80,
      server_tool_use: { web_search_requests: 2 },
    }),
    end,
  );
  assert.partialDeepStrictEqual(usage, {
    input: 12 + 184_457 + 600,
    cacheWrite: 184_457,
    cacheWrite1h: 1000,
    cacheWrite5m: 183_457,
    webSearches: 2,
  });
});

test('one-hour cache writes of a stream keep their lifetime when the end says nothing of it', () => {
  const cache_creation = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 700 };
  const usage = usageOf(
    start({ input_tokens: 1, cache_creation_input_tokens: 700, cache_creation, output_tokens: 1 }),
    delta({ input_tokens: 1, cache_creation_input_tokens: 700, output_tokens: 5 }),
    end,
  );
  assert.partialDeepStrictEqual(usage, { cacheWrite: 700, cacheWrite1h: 700, cacheWrite5m: 0 });
});

test('a refusal is a finish reason, before and after some text', () => {
  const { finish, error, usage } = readAnswer(
    anthropicMessages,
    sse(start({ input_tokens: 8, output_tokens: 1 }), text('I '), delta({ output_tokens: 4 }, 'refusal'), end),
  );
  assert.partialDeepStrictEqual({ finish, error, usage }, { finish: ['refusal'], error: null, usage: { output: 4 } });
});

test('an answer in this format is known at any path', () => {
  const { recognises } = anthropicMessages;
  assert.equal(recognises?.({ type: 'message', usage: { input_tokens: 1 } }, null), true);
  assert.equal(recognises?.({ type: 'message_start', message: {} }, 'message_start'), true);
  assert.equal(recognises?.({ type: 'message', text: 'hello' }, null), false);
});

test('an error event after some text keeps what was read', () => {
  const reading = readAnswer(
    anthropicMessages,
    sse(start({ input_tokens: 4, output_tokens: 1 }), text('some text'), {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    }),
  );
  assert.partialDeepStrictEqual(reading, {
    error: { type: 'overloaded_error', message: 'Overloaded' },
    usage: { input: 4, output: 1 },
    complete: false,
    outputChars: 9,
  });
});

test('skimmed or taken apart, whole or byte by byte, a stream reads the same', () => {
  const stream = sse(
    start({ input_tokens: 4, output_tokens: 1 }),
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    text('hello '),
    text('world'),
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'weather', input: {} } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"city":1}' } },
    delta({ output_tokens: 20 }, 'tool_use'),
    end,
  );
  const reference = readAnswer(anthropicMessages, stream, undefined, true);
  assert.partialDeepStrictEqual(reference.text, {
    content: ['hello ', 'world'],
    calls: [{ name: 'weather', arguments: ['{"city":1}'] }],
  });
  for (const split of [1, 5, 1 << 20]) {
    assert.partialDeepStrictEqual(readAnswer(anthropicMessages, stream, split), {
      usage: reference.usage,
      finish: ['tool_use'],
      toolCalls: ['weather'],
      complete: true,
      model: 'claude-m',
    });
  }
});

test('refusals have the shape and type that the SDK maps to its error classes', () => {
  assert.deepEqual(anthropicMessages.refusal({ status: 429, code: 'budget_exceeded', message: 'spent' }), {
    type: 'error',
    error: { type: 'rate_limit_error', message: 'spent' },
  });
});
