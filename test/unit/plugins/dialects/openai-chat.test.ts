import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiChat } from '../../../../plugins/dialects/openai-chat.ts';
import { usageCheck } from '../../../../plugins/usage.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const answer = (usage: object, extra: object = {}) =>
  JSON.stringify({
    id: 'r1',
    model: 'm-2026',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage,
    ...extra,
  });

const usageOf = (usage: object) => {
  const { usage: read, invalid } = readAnswer(openaiChat, answer(usage));
  return { read, invalid, check: read && usageCheck(read) };
};

test('the prompt includes the cache, the completion the reasoning', () => {
  const { read, check } = usageOf({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 80, audio_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 2 },
  });
  assert.partialDeepStrictEqual(read, {
    input: 100,
    output: 50,
    cacheRead: 80,
    cacheWrite: null,
    reasoning: 30,
    inputAudio: 3,
    outputAudio: 2,
  });
  assert.equal(check, 'ok');
});

test('reasoning on top of the completion is added where the total says so', () => {
  const { read, check } = usageOf({
    prompt_tokens: 307,
    completion_tokens: 26,
    total_tokens: 560,
    completion_tokens_details: { reasoning_tokens: 227 },
  });
  assert.partialDeepStrictEqual(read, { input: 307, output: 253, reasoning: 227 });
  assert.equal(check, 'ok');
});

test('a total that no convention explains is a mismatch, and the figures stay', () => {
  const { read, check } = usageOf({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 99 });
  assert.partialDeepStrictEqual(read, { input: 10, output: 5 });
  assert.equal(check, 'mismatch');
});

test('a cache larger than the prompt is a mismatch', () => {
  assert.equal(
    usageOf({
      prompt_tokens: 347,
      completion_tokens: 18,
      total_tokens: 365,
      prompt_tokens_details: { cached_tokens: 403 },
    }).check,
    'mismatch',
  );
});

for (const [name, usage] of Object.entries({
  'beside the details': { num_cached_tokens: 7 },
  'as cache hits': { prompt_cache_hit_tokens: 7, prompt_cache_miss_tokens: 3 },
  'at the top level': { cached_tokens: 7 },
  'in details of the singular name': { prompt_token_details: { cached_tokens: 7 } },
})) {
  test(`cached tokens are found ${name}`, () => {
    assert.equal(usageOf({ prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, ...usage }).read?.cacheRead, 7);
  });
}

test('absent is null, an explicit zero is zero, text and whole floats are read', () => {
  const { read } = usageOf({ prompt_tokens: '12', completion_tokens: 3.0 });
  assert.partialDeepStrictEqual(read, { input: 12, output: 3, cacheRead: null, reasoning: null, totalReported: null });
  assert.equal(usageOf({ prompt_tokens: 5, completion_tokens: 0 }).read?.output, 0);
  assert.equal(readAnswer(openaiChat, answer({})).usage, null);
});

for (const bad of [-1, 1.5, 1e300, 'many', true, [3], { a: 1 }]) {
  test(`a count of ${JSON.stringify(bad)} is null and marked invalid`, () => {
    const { read, invalid } = usageOf({ prompt_tokens: 5, completion_tokens: bad });
    assert.equal(read?.output, null);
    assert.equal(invalid, true);
  });
}

const piece = (content: string, finish: string | null = null, more: object = {}) => ({
  id: 'r1',
  model: 'm',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  ...more,
});

test('usage on every chunk is a snapshot: the last counts, nothing is added', () => {
  const stream = sse(
    piece('a', null, { usage: { prompt_tokens: 9, completion_tokens: 1 } }),
    piece('b', null, { usage: { prompt_tokens: 9, completion_tokens: 2 } }),
    piece('', 'stop', { usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } }),
    '[DONE]',
  );
  assert.partialDeepStrictEqual(readAnswer(openaiChat, stream).usage, { input: 9, output: 3 });
});

test('usage twice, in x_groq and beside it, counts once', () => {
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
  assert.partialDeepStrictEqual(
    readAnswer(openaiChat, sse(piece('a'), piece('', 'stop', { usage, x_groq: { usage } }), '[DONE]')).usage,
    { input: 9, output: 3 },
  );
});

test('skimmed or taken apart, whole or byte by byte, a stream reads the same', () => {
  const spaced = `data: ${JSON.stringify(piece('say \\"usage\\": 1 and \\"finish_reason\\":\\"stop\\"')).replaceAll('":', '": ')}\n\n`;
  const stream =
    sse(
      { choices: [], model: '', id: '', prompt_filter_results: [] },
      piece(''),
      piece('hello "wor\\ld"'),
      piece('é😀'),
    ) +
    spaced +
    sse({
      id: 'r1',
      model: 'm',
      choices: [
        {
          index: 0,
          delta: { tool_calls: [{ index: 0, function: { name: 'f', arguments: '{"a"' } }] },
          finish_reason: null,
        },
      ],
    }) +
    sse(
      piece('', 'tool_calls'),
      { id: 'r1', model: 'm', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      '[DONE]',
    );
  const reference = readAnswer(openaiChat, stream, undefined, true);
  for (const split of [1, 2, 7, 64, 1 << 20]) {
    const skimmed = readAnswer(openaiChat, stream, split);
    const { model, finish, usage, toolCalls, complete } = reference;
    assert.partialDeepStrictEqual(skimmed, { model, finish, usage, toolCalls, complete });
    // Escapes are counted as they stand when a chunk is only skimmed.
    assert.ok(skimmed.outputChars >= reference.outputChars && skimmed.outputChars < reference.outputChars + 20);
  }
  assert.deepEqual(reference.toolCalls, ['f']);
  assert.deepEqual(reference.finish, ['tool_calls']);
});

test('errors are found in the body, in a stream, and in a choice', () => {
  assert.partialDeepStrictEqual(readAnswer(openaiChat, '{"error":{"message":"no","type":"t","code":400}}').error, {
    message: 'no',
    type: 't',
    code: '400',
  });
  assert.partialDeepStrictEqual(
    readAnswer(openaiChat, sse(piece('a'), piece('b'), { error: { message: 'late', code: 'x' } })).error,
    { message: 'late' },
  );
  assert.partialDeepStrictEqual(
    readAnswer(
      openaiChat,
      sse({ choices: [{ delta: {}, finish_reason: 'error', error: { message: 'up', code: 502 } }] }),
    ).error,
    { code: '502' },
  );
});

test('what is not JSON is unreadable, and no crash', () => {
  for (const body of ['<html>', '{"a":', '[]', '', 'null']) {
    const { usage, error } = readAnswer(openaiChat, body);
    assert.equal(usage, null);
    assert.equal(error, null);
  }
});

test('the usage option is asked for only in streams that lack it, with its neighbours kept', () => {
  const { streamUsage } = openaiChat;
  assert.equal(streamUsage?.want({ stream: false }), null);
  assert.equal(streamUsage?.want({ stream: true, stream_options: { include_usage: true } }), null);
  assert.deepEqual(streamUsage?.want({ stream: true, stream_options: null }), {
    key: 'stream_options',
    value: { include_usage: true },
  });
  assert.deepEqual(streamUsage?.want({ stream: true, stream_options: { a: 1 } })?.value, { a: 1, include_usage: true });
});
