/**
 * Wrong costs that other gateways and trackers have had, one test each, named after the thread that tells of it. The
 * figures are the thread's where it gives any. Table: docs/metering.md, "What others got wrong".
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsEvent, awsStreamHeaders } from '../support/aws-frames.ts';
import { bill, exchangeOf, metered, meterOn, type OneCall } from '../support/one-call.ts';
import { sse } from '../support/reading.ts';

const messages = [{ role: 'user', content: 'Hoi' }];

const claude = (model: string, usage: object): OneCall => ({
  url: 'https://api.anthropic.com/v1/messages',
  body: { model, max_tokens: 4096, messages },
  answer: {
    type: 'message',
    id: 'msg_1',
    model,
    content: [{ type: 'text', text: 'Sali' }],
    stop_reason: 'end_turn',
    usage,
  },
});

/** Anthropic's stream: what `message_start` says, then what `message_delta` does. */
const claudeStream = (
  model: string,
  start: object,
  end: object,
  url = 'https://api.anthropic.com/v1/messages',
): OneCall => ({
  url,
  body: { model, max_tokens: 4096, stream: true, messages },
  answer: sse(
    { type: 'message_start', message: { type: 'message', id: 'msg_1', model, usage: start } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Sali' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: end },
    { type: 'message_stop' },
  ),
});

const chat = (model: string, usage: object, more: { url?: string; body?: object; answer?: object } = {}): OneCall => ({
  url: more.url ?? 'https://api.openai.com/v1/chat/completions',
  body: { model, messages, ...more.body },
  answer: {
    id: 'c',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Sali' }, finish_reason: 'stop' }],
    usage,
    ...more.answer,
  },
});

const converse = (usage: object): OneCall => ({
  url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/global.anthropic.claude-sonnet-4-5-20250929-v1:0/converse',
  body: { messages: [{ role: 'user', content: [{ text: 'Hoi' }] }] },
  answer: {
    output: { message: { role: 'assistant', content: [{ text: 'Sali' }] } },
    stopReason: 'end_turn',
    usage,
  },
});

test('litellm#9812: cache writes are charged once', async () => {
  const event = await metered(
    claude('claude-3-7-sonnet-20250219', {
      input_tokens: 3,
      cache_creation_input_tokens: 12_304,
      cache_read_input_tokens: 0,
      output_tokens: 550,
    }),
  );
  assert.deepEqual(bill(event), { input: 12_307, output: 550, total: 12_857, dollars: 0.054399 });
  assert.partialDeepStrictEqual(event.costs, {
    input_cost: 0.000009,
    cache_write_cost: 0.04614,
    output_cost: 0.00825,
  });
});

test('litellm#11789: cache reads have their own price in a stream, too', async () => {
  const usage = { input_tokens: 9, cache_read_input_tokens: 2455, cache_creation_input_tokens: 0 };
  const model = 'claude-3-5-haiku-20241022';
  const streamed = await metered(claudeStream(model, { ...usage, output_tokens: 1 }, { output_tokens: 22 }));
  const whole = await metered(claude(model, { ...usage, output_tokens: 22 }));
  assert.deepEqual(bill(streamed), { input: 2464, output: 22, total: 2486, dollars: 0.0002916 });
  assert.deepEqual(streamed.costs, whole.costs);
});

test('litellm#5443: what came from and went into the cache is input', async () => {
  const event = await metered(
    claude('claude-3-5-sonnet-20240620', {
      input_tokens: 20,
      cache_read_input_tokens: 1800,
      cache_creation_input_tokens: 300,
      output_tokens: 40,
    }),
  );
  assert.deepEqual(bill(event), { input: 2120, output: 40, total: 2160, dollars: 0.002325 });
  assert.partialDeepStrictEqual(event.usage, { cache_read_tokens: 1800, cache_write_tokens: 300 });
});

test('langfuse#12306: input that includes the cache is not added to it again', async () => {
  const event = await metered(
    claude('claude-sonnet-4-5', { input_tokens: 5, cache_read_input_tokens: 130_208, output_tokens: 100 }),
  );
  assert.deepEqual(bill(event), { input: 130_213, output: 100, total: 130_313, dollars: 0.0405774 });
  assert.partialDeepStrictEqual(event.usage, { cache_read_tokens: 130_208 });
});

test('langfuse#10592: cached tokens of OpenRouter are a part of its prompt tokens', async () => {
  const event = await metered(
    chat(
      'anthropic/claude-sonnet-4.5',
      {
        prompt_tokens: 17_903,
        completion_tokens: 200,
        total_tokens: 18_103,
        prompt_tokens_details: { cached_tokens: 17_817 },
      },
      { url: 'https://openrouter.ai/api/v1/chat/completions' },
    ),
  );
  assert.deepEqual(bill(event), { input: 17_903, output: 200, total: 18_103, dollars: 0.0086031 });
});

test('langfuse#9386: parts of the input never add to it, and each token is in one part of the cost', async () => {
  const event = await metered(
    chat('gpt-4o-audio-preview', {
      prompt_tokens: 500,
      completion_tokens: 700,
      total_tokens: 1200,
      prompt_tokens_details: { audio_tokens: 350, cached_tokens: 0, text_tokens: 150 },
      completion_tokens_details: { audio_tokens: 600, reasoning_tokens: 0, text_tokens: 100 },
    }),
  );
  assert.deepEqual(bill(event), { input: 500, output: 700, total: 1200, dollars: 0.063375 });
  assert.partialDeepStrictEqual(event.costs, { input_cost: 0.000375, output_cost: 0.001, other_cost: 0.062 });
});

test('bifrost#904: cached tokens of OpenAI are billed as cached', async () => {
  const event = await metered(
    chat('gpt-5', {
      prompt_tokens: 1_239_328,
      completion_tokens: 12_909,
      total_tokens: 1_252_237,
      prompt_tokens_details: { cached_tokens: 1_188_096 },
    }),
  );
  assert.deepEqual(bill(event), { input: 1_239_328, output: 12_909, total: 1_252_237, dollars: 0.341642 });
});

test('bifrost#3451: cache writes of a stream are not billed as input as well', async () => {
  const event = await metered(
    claudeStream(
      'claude-opus-4-7',
      { input_tokens: 6, cache_creation_input_tokens: 159_217, cache_read_input_tokens: 0, output_tokens: 1 },
      { input_tokens: 6, cache_creation_input_tokens: 159_217, cache_read_input_tokens: 0, output_tokens: 2745 },
    ),
  );
  assert.deepEqual(bill(event), { input: 159_223, output: 2745, total: 161_968, dollars: 1.06376125 });
});

test('bifrost#5354, #5510, #5355, #6598: a snapshot with cache counters replaces the first one, no greater figure outlives it', async () => {
  const event = await metered(
    claudeStream(
      'kimi-k2.5',
      { input_tokens: 48_000, output_tokens: 1 },
      { input_tokens: 1500, cache_read_input_tokens: 46_500, output_tokens: 320 },
      'https://api.moonshot.ai/anthropic/v1/messages',
    ),
  );
  assert.deepEqual(bill(event), { input: 48_000, output: 320, total: 48_320, dollars: 0.00651 });
});

test('litellm#42663: what a web search wrote to the cache later counts, the first snapshot is outdated', async () => {
  const event = await metered(
    claudeStream(
      'claude-sonnet-4-5',
      {
        input_tokens: 10,
        cache_creation_input_tokens: 31_490,
        cache_creation: { ephemeral_5m_input_tokens: 31_490, ephemeral_1h_input_tokens: 0 },
        cache_read_input_tokens: 0,
        output_tokens: 3,
      },
      {
        input_tokens: 10,
        cache_creation_input_tokens: 184_457,
        cache_read_input_tokens: 0,
        output_tokens: 1000,
        server_tool_use: { web_search_requests: 3 },
      },
    ),
  );
  // 0.00003 input, 0.69171375 written, 0.015 output, 0.03 searches.
  assert.deepEqual(bill(event), { input: 184_467, output: 1000, total: 185_467, dollars: 0.73674375 });
  assert.partialDeepStrictEqual(event.usage, { cache_write_tokens: 184_457, web_search_requests: 3 });
});

test('litellm#31724, #32073: writes for an hour have their own price in a stream, whether its end repeats them or not', async () => {
  const written = { input_tokens: 12, cache_creation_input_tokens: 40_000, cache_read_input_tokens: 0 };
  const start = {
    ...written,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 40_000 },
    output_tokens: 1,
  };
  for (const end of [{ output_tokens: 50 }, { ...written, output_tokens: 50 }]) {
    const event = await metered(claudeStream('claude-sonnet-4-5', start, end));
    // 0.000036 input, 0.24 at the price of an hour (0.15 at that of five minutes), 0.00075 output.
    assert.deepEqual(bill(event), { input: 40_012, output: 50, total: 40_062, dollars: 0.240786 });
    assert.partialDeepStrictEqual(event.usage, { cache_write_5m_tokens: 0, cache_write_1h_tokens: 40_000 });
  }
});

test('gateway#1210, #1754: the cache is added to what Bedrock calls input, streamed or not', async () => {
  const usage = {
    inputTokens: 562,
    outputTokens: 10,
    totalTokens: 3631,
    cacheReadInputTokens: 3059,
    cacheWriteInputTokens: 0,
  };
  const whole = converse(usage);
  const streamed: OneCall = {
    ...whole,
    url: `${whole.url}-stream`,
    headers: awsStreamHeaders,
    answer: Buffer.concat([
      awsEvent('messageStart', { role: 'assistant' }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Sali' } }),
      awsEvent('messageStop', { stopReason: 'end_turn' }),
      awsEvent('metadata', { usage, metrics: { latencyMs: 5 } }),
    ]),
  };
  for (const call of [whole, streamed]) {
    assert.deepEqual(bill(await metered(call)), { input: 3621, output: 10, total: 3631, dollars: 0.0027537 });
  }
});

test('ruby_llm#832: the cache is not taken off what leaves it out already', async () => {
  const event = await metered(
    converse({ inputTokens: 40, outputTokens: 5, totalTokens: 9045, cacheReadInputTokens: 9000 }),
  );
  assert.deepEqual(bill(event), { input: 9040, output: 5, total: 9045, dollars: 0.002895 });
  assert.equal(event.costs?.input_cost, 0.00012);
});

test('langfuse#8808: usage repeated on every chunk is not summed', async () => {
  const chunk = (content: string, completion_tokens: number) => ({
    id: 'c',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
    usage: { prompt_tokens: 100, completion_tokens, total_tokens: 100 + completion_tokens },
  });
  const event = await metered({
    url: 'https://api.openai.com/v1/chat/completions',
    body: { model: 'gpt-4o-mini', stream: true, messages },
    answer: sse(...Array.from({ length: 10 }, (_, at) => chunk('wort ', at + 1)), '[DONE]'),
  });
  assert.deepEqual(bill(event), { input: 100, output: 10, total: 110, dollars: 0.000021 });
});

test('apisix#13662: the total of an Anthropic stream has the input in it', async () => {
  const event = await metered(
    claudeStream('claude-sonnet-4-5', { input_tokens: 1000, output_tokens: 1 }, { output_tokens: 200 }),
  );
  assert.deepEqual(bill(event), { input: 1000, output: 200, total: 1200, dollars: 0.006 });
});

const background = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-4o-mini',
  background: true,
  status: 'completed',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'Sali' }] }],
  usage: { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 },
};

test('litellm#15740, #29638: a call through the Responses API makes one event, whoever made the model', async () => {
  const call: OneCall = {
    url: 'https://gateway.example/v1/responses',
    body: { model: 'claude-sonnet-4-5', input: 'Hoi' },
    answer: { ...background, model: 'claude-sonnet-4-5', background: false },
  };
  assert.partialDeepStrictEqual(bill(await metered(call)), { input: 1000, output: 100, total: 1100 });
});

test('litellm#17814: an answer fetched again and again is billed once', async () => {
  const read = meterOn();
  const fetched = exchangeOf({ url: 'https://api.openai.com/v1/responses/resp_1', method: 'GET', answer: background });
  const first = await read(fetched);
  assert.deepEqual(first.map(bill), [{ input: 1000, output: 100, total: 1100, dollars: 0.00021 }]);
  assert.deepEqual(await read(fetched), []);
  assert.deepEqual(await read(fetched), []);
});

test('litellm#5118: a call for pictures makes one event, its pictures are billed once', async () => {
  const event = await metered({
    url: 'https://api.openai.com/v1/images/generations',
    body: { model: 'dall-e-3', prompt: 'The Aare', n: 2 },
    answer: { created: 1, data: [{ url: 'https://pictures.example/1' }, { url: 'https://pictures.example/2' }] },
  });
  assert.partialDeepStrictEqual(event, { usage: { images: 2 }, costs: { total_cost: 0.08 } });
});

const flexUsage = { prompt_tokens: 100_000, completion_tokens: 1000, total_tokens: 101_000 };

test('litellm#13810: the tier that served is billed, not the one asked for', async () => {
  const served = (service_tier: string) =>
    metered(chat('gpt-5', flexUsage, { body: { service_tier: 'flex' }, answer: { service_tier } }));
  const [flex, standard] = [await served('flex'), await served('default')];
  assert.equal(flex.costs?.total_cost, 0.0675);
  assert.equal(standard.costs?.total_cost, 0.135);
});

test('litellm#38458: a stream on Vertex keeps the tier that its traffic type names', async () => {
  const chunk = (text: string, counts: object) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] } }],
    usageMetadata: { trafficType: 'ON_DEMAND_FLEX', ...counts },
    modelVersion: 'gemini-2.5-flash',
  });
  const event = await metered({
    url: 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hoi' }] }] },
    answer: sse(
      chunk('Sa', {}),
      chunk('li', { promptTokenCount: 100_000, candidatesTokenCount: 1000, totalTokenCount: 101_000 }),
    ),
  });
  assert.equal(event.service_tier, 'flex');
  assert.deepEqual(bill(event), { input: 100_000, output: 1000, total: 101_000, dollars: 0.01625 });
});

test('litellm#38458: a tier that only the first chunks of a stream name is not forgotten', async () => {
  const chunk = { id: 'c', model: 'gpt-5', service_tier: 'flex' };
  const event = await metered({
    url: 'https://api.openai.com/v1/chat/completions',
    body: { model: 'gpt-5', stream: true, stream_options: { include_usage: true }, messages },
    answer: sse(
      { ...chunk, choices: [{ index: 0, delta: { content: 'Sali' }, finish_reason: null }] },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { id: 'c', model: 'gpt-5', choices: [], usage: flexUsage },
      '[DONE]',
    ),
  });
  assert.equal(event.service_tier, 'flex');
  assert.equal(event.costs?.total_cost, 0.0675);
});

test('sub2api#5771, ai#12425, promptfoo#9507: reasoning of Grok is output once, inside the answer or on top of it', async () => {
  const model = 'grok-4-fast-reasoning';
  const onTop = {
    prompt_tokens: 10_120,
    completion_tokens: 1499,
    total_tokens: 14_428,
    completion_tokens_details: { reasoning_tokens: 2809 },
  };
  const inside = {
    input_tokens: 10_120,
    output_tokens: 4308,
    total_tokens: 14_428,
    output_tokens_details: { reasoning_tokens: 2809 },
  };
  const url = 'https://api.x.ai/v1/chat/completions';
  const chunk = { id: 'c', model };
  const calls: OneCall[] = [
    chat(model, onTop, { url }),
    {
      url,
      body: { model, stream: true, messages },
      answer: sse(
        { ...chunk, choices: [{ index: 0, delta: { content: 'Sali' }, finish_reason: null }] },
        { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: onTop },
        '[DONE]',
      ),
    },
    {
      url: 'https://api.x.ai/v1/responses',
      body: { model, input: 'Hoi' },
      answer: { ...background, background: false, model, usage: inside },
    },
  ];
  for (const call of calls) {
    const event = await metered(call);
    assert.deepEqual(bill(event), { input: 10_120, output: 4308, total: 14_428, dollars: 0.004178 });
    assert.partialDeepStrictEqual(event.usage, { reasoning_tokens: 2809, check: 'ok' });
  }
});

test('claude-code-hub#869: a request above the threshold is in the long-context tier with all its tokens', async () => {
  const of = async (input_tokens: number) =>
    (await metered(claude('claude-sonnet-4-5', { input_tokens, output_tokens: 1000 }))).costs?.total_cost;
  assert.equal(await of(250_000), 1.5225);
  assert.equal(await of(200_000), 0.615);
});

test('hermes-agent#93678: what comes from the cache counts towards the threshold', async () => {
  const event = await metered(
    claude('claude-sonnet-4-5', { input_tokens: 1000, cache_read_input_tokens: 249_000, output_tokens: 1000 }),
  );
  // 0.006 input, 0.1494 read, 0.0225 output.
  assert.equal(event.costs?.total_cost, 0.1779);
});

test('litellm#24474: a model without a surcharge for long context has none, from the day on which it ended', async () => {
  const call = claude('claude-opus-4-6', { input_tokens: 250_000, output_tokens: 1000 });
  const on = async (day: string) => (await metered(call, meterOn(null, day))).costs?.total_cost;
  assert.equal(await on('2026-03-01'), 2.5375);
  assert.equal(await on('2026-04-01'), 1.275);
});

const compaction = {
  input_tokens: 23_000,
  output_tokens: 1000,
  iterations: [
    { type: 'compaction', input_tokens: 180_000, output_tokens: 3500 },
    { type: 'message', input_tokens: 23_000, output_tokens: 1000 },
  ],
};

const compacted = 'pydantic-ai#5065, litellm#27060, bifrost#6500';

test(`${compacted}: the pass that compacts a conversation is paid, streamed or not`, async () => {
  const model = 'claude-opus-4-6';
  for (const call of [
    claude(model, compaction),
    claudeStream(model, { input_tokens: 23_000, output_tokens: 1 }, compaction),
  ]) {
    const event = await metered(call);
    assert.deepEqual(bill(event), { input: 203_000, output: 4500, total: 207_500, dollars: 1.1275 });
  }
});

test(`${compacted}: each pass is in its own long-context tier, not in that of their sum`, async () => {
  const event = await metered(claude('claude-sonnet-4-5', compaction));
  assert.deepEqual(bill(event), { input: 203_000, output: 4500, total: 207_500, dollars: 0.6765 });
});
