import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform } from '../../../../plugins/contract.ts';
import { openTokenizer } from '../../../../plugins/hosts/node/tokenizer.ts';
import { encodingOf, ruleOf } from '../../../../plugins/response/tokenizers.ts';
import type { Json } from '../../../../plugins/wire.ts';
import { eventOf } from '../../../support/attempt.ts';
import { sse } from '../../../support/reading.ts';

const chunk = (content: string) =>
  sse({ id: 'c', model: 'gpt-4o', choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const ask = { model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'Tell me about the sea.' }] };
const sea = ['The sea ', 'is wide ', 'and deep ', 'and blue.'].map(chunk);

/** A tokenizer that counts words, and writes down what it was asked. */
const words = () => {
  const asked: { encoding: string; text: string }[] = [];
  const estimateTokens: Platform['estimateTokens'] = async (encoding, texts) => {
    asked.push({ encoding, text: texts.join(' ') });
    return texts.join(' ').split(/\s+/).filter(Boolean).length;
  };
  return { asked, estimateTokens };
};

test('a stream that broke off is counted by the tokenizer of its model, over all text that came', async () => {
  const { asked, estimateTokens } = words();
  const event = await eventOf({ body: ask, answer: sea, ending: 'upstream_reset', estimateTokens });
  assert.deepEqual(asked[1], { encoding: 'o200k_base', text: 'The sea is wide and deep and blue.' });
  // 'user' and five words, three tokens for the message and three for the answer's beginning.
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    usage: { prompt_tokens: 12, generation_tokens: 8, source: 'estimated', estimator: 'o200k_base' },
    cost_status: 'priced',
  });
});

test('the same with the real tokenizer, in its own thread', async () => {
  const event = await eventOf({
    body: ask,
    answer: sea,
    ending: 'client_gone',
    estimateTokens: openTokenizer({ patience: 20_000 }),
  });
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    usage: { prompt_tokens: 13, generation_tokens: 9, source: 'estimated', estimator: 'o200k_base' },
  });
});

test('captured or not, an answer is counted alike', async () => {
  for (const mode of ['none', 'redacted'] as const) {
    const { asked, estimateTokens } = words();
    await eventOf({ body: ask, answer: sea, ending: 'client_gone', estimateTokens, capture: { mode, maxBytes: 1024 } });
    assert.equal(asked[1]?.text, 'The sea is wide and deep and blue.', mode);
  }
});

test('a whole answer without usage is counted as well', async () => {
  const { estimateTokens } = words();
  const answer = { model: 'gpt-4o', choices: [{ message: { content: 'blue and deep' }, finish_reason: 'stop' }] };
  const event = await eventOf({ body: { ...ask, stream: false }, answer: [JSON.stringify(answer)], estimateTokens });
  assert.partialDeepStrictEqual(event, { outcome: 'success', usage: { generation_tokens: 3, source: 'estimated' } });
});

test('of a long answer the beginning is counted, and stands for the rest', async () => {
  const { asked, estimateTokens } = words();
  const event = await eventOf({
    body: ask,
    answer: Array.from({ length: 5000 }, (_, at) => chunk(`one ${10_000 + at} `)),
    ending: 'client_gone',
    estimateTokens,
  });
  assert.ok((asked[1]?.text.length ?? 0) < 64 * 1024 && (asked[1]?.text.length ?? 0) > 2000);
  const tokens = event.usage.generation_tokens ?? 0;
  assert.ok(Math.abs(tokens - 10_000) < 20, String(tokens));
});

test('of a long request the tokenizer gets no more than 64 Ki characters', async () => {
  const { asked, estimateTokens } = words();
  const messages = Array.from({ length: 100 }, () => ({ role: 'user', content: 'one two '.repeat(1000) }));
  const event = await eventOf({ body: { ...ask, messages }, answer: null, ending: 'client_gone', estimateTokens });
  assert.ok((asked[0]?.text.length ?? 0) < 66 * 1024);
  const tokens = event.usage.prompt_tokens ?? 0;
  assert.ok(Math.abs(tokens - 200_400) < 2000, String(tokens));
});

test('files in base64 and settings are not counted, names of tool parameters are', async () => {
  const { asked, estimateTokens } = words();
  const body = {
    ...ask,
    metadata: { team: 'harbour' },
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'QUJD'.repeat(1000) } }] }],
    tools: [{ type: 'function', function: { name: 'look', parameters: { properties: { horizon: {} } } } }],
  };
  await eventOf({ body, answer: null, ending: 'client_gone', estimateTokens });
  assert.match(asked[0]?.text ?? '', /horizon/);
  assert.doesNotMatch(asked[0]?.text ?? '', /QUJD|gpt-4o|harbour/);
});

test('what the provider said is never counted again', async () => {
  const { asked, estimateTokens } = words();
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const end = sse({ id: 'c', model: 'gpt-4o', choices: [], usage }, '[DONE]');
  const event = await eventOf({ body: ask, answer: [...sea, end], estimateTokens });
  assert.partialDeepStrictEqual(event.usage, {
    prompt_tokens: 7,
    generation_tokens: 5,
    source: 'provider',
    estimator: null,
  });
  assert.deepEqual(asked, []);
});

test('a client that leaves before the first byte is billed the input and no output', async () => {
  const { estimateTokens } = words();
  for (const answer of [null, []] as const) {
    const event = await eventOf({ body: ask, answer, ending: 'client_gone', estimateTokens });
    assert.partialDeepStrictEqual(event, {
      outcome: 'aborted',
      status_code: answer ? 200 : null,
      usage: { prompt_tokens: 12, generation_tokens: 0, source: 'estimated', estimator: 'o200k_base' },
      cost_status: 'priced',
    });
  }
});

test('an answer that was drained for a client that left has the figures of the provider', async () => {
  const { asked, estimateTokens } = words();
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const stop = sse({ id: 'c', model: 'gpt-4o', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  const end = sse({ id: 'c', model: 'gpt-4o', choices: [], usage }, '[DONE]');
  const event = await eventOf({ body: ask, answer: [...sea, stop, end], ending: 'client_gone', estimateTokens });
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    usage: { prompt_tokens: 7, generation_tokens: 5, source: 'provider' },
  });
  assert.deepEqual(asked, []);
});

test('an answer cut short keeps the figures that came, and completes them by rule', async () => {
  const event = await eventOf({
    vendor: 'anthropic',
    path: '/v1/messages',
    body: { model: 'claude-sonnet-4-5', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'x' }] },
    answer: [
      sse({
        type: 'message_start',
        message: { model: 'claude-sonnet-4-5', usage: { input_tokens: 45, output_tokens: 1 } },
      }),
      sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'seven characters'.repeat(7) } }),
    ],
    ending: 'client_gone',
  });
  assert.partialDeepStrictEqual(event.usage, {
    prompt_tokens: 45,
    generation_tokens: 32,
    source: 'partial',
    estimator: 'chars/3.5',
  });
});

test('without a tokenizer that answers, the rule holds', async () => {
  const event = await eventOf({ body: ask, answer: sea, ending: 'client_gone' });
  assert.partialDeepStrictEqual(event.usage, { generation_tokens: 9, source: 'estimated', estimator: 'chars/4' });
});

test('the tokenizer is that of the family, whoever sells the model', () => {
  for (const model of [
    'gpt-4o',
    'gpt-5.1-codex',
    'o3-mini',
    'openai/gpt-oss-120b',
    'ft:gpt-4o-mini:org::id',
    'chatgpt-4o-latest',
  ])
    assert.equal(encodingOf(model), 'o200k_base', model);
  for (const model of ['gpt-4', 'gpt-4-turbo', 'gpt-35-turbo', 'gpt-3.5-turbo-0125', 'text-embedding-3-small'])
    assert.equal(encodingOf(model), 'cl100k_base', model);
  for (const model of ['claude-sonnet-4-5', 'gemini-3-pro', 'llama-3.3-70b', 'omni-moderation', 'o', '', null])
    assert.equal(encodingOf(model), null, String(model));
});

test('the rule is what the vendor states, and Chinese is not English', () => {
  const names = [
    'gpt-4o',
    'gemini-3-pro',
    'claude-3-5-sonnet',
    'claude-haiku-4-5',
    'us.anthropic.claude-opus-4-6-v1',
    'claude-opus-4-7',
    'anthropic/claude-opus-4.8',
    'claude-sonnet-5',
  ];
  assert.deepEqual(
    names.map((name) => ruleOf(name).name),
    ['chars/4', 'chars/4', 'chars/3.5', 'chars/3.5', 'chars/3.5', 'chars/2.5', 'chars/2.5', 'chars/2.5'],
  );
  assert.equal(ruleOf(null).tokensOf('abcd'.repeat(10)), 10);
  assert.equal(ruleOf(null).tokensOf('海'.repeat(10)), 6);
});

test('a stream that broke off after its first totals is partial, and contradicts nothing', async () => {
  const { estimateTokens } = words();
  const usage = { prompt_tokens: 12, completion_tokens: 1, total_tokens: 13 };
  const first = sse({ id: 'c', model: 'gpt-4o', choices: [{ index: 0, delta: { content: 'The sea ' } }], usage });
  const event = await eventOf({ body: ask, answer: [first, ...sea], ending: 'upstream_reset', estimateTokens });
  assert.partialDeepStrictEqual(event.usage, {
    prompt_tokens: 12,
    generation_tokens: 10,
    source: 'partial',
    check: 'ok',
    reported: usage,
  });
});

test('of embeddings without figures the contents are counted, and nothing around them', async () => {
  const { asked, estimateTokens } = words();
  for (const [vendor, path, body, answer] of [
    [
      'google',
      '/v1beta/models/text-embedding-004:batchEmbedContents',
      {
        requests: ['the sea', 'is wide'].map((text) => ({
          model: 'models/text-embedding-004',
          taskType: 'RETRIEVAL_DOCUMENT',
          content: { role: 'user', parts: [{ text }] },
        })),
      },
      { embeddings: [{ values: [0.1] }, { values: [0.2] }] },
    ],
    [
      'openai',
      '/v1/embeddings',
      { model: 'text-embedding-3-small', input: ['the sea', 'is wide'], encoding_format: 'base64' },
      { object: 'list', model: 'text-embedding-3-small', data: [] },
    ],
  ] as const) {
    const event = await eventOf({
      vendor,
      path,
      body: body as unknown as Json,
      answer: [JSON.stringify(answer)],
      estimateTokens,
    });
    const counted = vendor === 'openai' ? 4 : Math.ceil('the seais wide'.length / 4);
    assert.partialDeepStrictEqual(event.usage, { prompt_tokens: counted, generation_tokens: 0, source: 'estimated' });
  }
  assert.deepEqual(asked[0]?.text.split(/\s+/).sort(), ['is', 'sea', 'the', 'wide']);
});
