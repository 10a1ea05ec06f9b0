/**
 * Usage that other gateways and trackers have missed, lost or invented, one test each, named after the thread that tells
 * of it. Table: docs/metering.md, "What others got wrong".
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { vendorOf } from '../../plugins/dialects/vendors.ts';
import { createPlugins } from '../../plugins/response-plugin.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { eventOf } from '../support/attempt.ts';
import { awsEvent, awsStreamHeaders } from '../support/aws-frames.ts';
import { bill, metered, meterOn, type OneCall } from '../support/one-call.ts';
import { pluginsMeter } from '../support/plugins-meter.ts';
import { sse } from '../support/reading.ts';
import { testSettings } from '../support/stack.ts';

const openai = 'https://api.openai.com/v1';
const messages = [{ role: 'user', content: 'Hoi' }];

const chunk = (content: string, finish_reason: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta: { content }, finish_reason }],
});
const lastChunk = (usage: object) => ({ ...chunk(''), choices: [], usage });
const chatStream = (...events: (object | string)[]): OneCall => ({
  url: `${openai}/chat/completions`,
  body: { model: 'gpt-4o-mini', stream: true, stream_options: { include_usage: true }, messages },
  answer: sse(...events, '[DONE]'),
});
const counted = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };

const response = (status: string, more: object = {}) => ({
  type: `response.${status}`,
  response: { id: 'resp_1', object: 'response', model: 'gpt-4o-mini', status, usage: null, ...more },
});
const responseUsage = { input_tokens: 1000, output_tokens: 200, total_tokens: 1200 };
const responseStream = (...events: object[]): OneCall => ({
  url: `${openai}/responses`,
  body: { model: 'gpt-4o-mini', stream: true, input: 'Hoi' },
  answer: sse({ ...response('in_progress'), type: 'response.created' }, ...events),
});
const spent = { input: 1000, output: 200, total: 1200, dollars: 0.00027 };

const claudeStart = (usage: object) => ({
  type: 'message_start',
  message: { type: 'message', id: 'msg_1', model: 'claude-sonnet-4-5', usage },
});
const claudeText = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const claudeEnd = (usage: object) => [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
  { type: 'message_stop' },
];

test('kong#14535: output of a stream is what its last chunk says, and never 0 where it says nothing', async () => {
  const told = await metered(chatStream(chunk('Sali '), chunk('zäme', 'stop'), lastChunk(counted)));
  assert.deepEqual(bill(told), spent);
  const untold = await metered(chatStream(chunk('Sali '), chunk('zäme', 'stop')));
  assert.equal(untold.usage.source, 'estimated');
  assert.ok((untold.usage.generation_tokens ?? 0) > 0);
});

test('higress#4146, #4248: an event is read whole, wherever the network cuts it', async () => {
  const call = chatStream(chunk('Sali '), chunk('zäme', 'stop'), lastChunk(counted));
  for (const split of [1, 2, 3, 7, 64, 100, 257]) assert.deepEqual(bill(await metered(call, meterOn(split))), spent);
});

test('higress#4424: a long event is read whole, and a field of a tool is not the model', async () => {
  const spawn = {
    type: 'function',
    name: 'spawn',
    parameters: { properties: { model: { type: 'string', description: `Which model. ${'Long. '.repeat(4000)}` } } },
  };
  const call = responseStream(
    { ...response('in_progress', { tools: [spawn] }) },
    { type: 'response.output_text.delta', delta: 'Sali' },
    response('completed', { tools: [spawn], usage: responseUsage }),
  );
  for (const split of [null, 1000, 4096]) {
    const event = await metered(call, meterOn(split));
    assert.equal(event.model, 'gpt-4o-mini');
    assert.deepEqual(bill(event), spent);
  }
});

test('kong#14768: a stream of the Responses API is metered by its last event', async () => {
  const event = await metered(
    responseStream(
      { type: 'response.output_text.delta', delta: 'Sali' },
      response('completed', { usage: responseUsage }),
    ),
  );
  assert.deepEqual(bill(event), spent);
});

test('new-api#7241: whichever event ends a Responses stream, its usage is paid', async () => {
  for (const status of ['incomplete', 'failed', 'cancelled']) {
    const event = await metered(
      responseStream(
        { type: 'response.output_text.delta', delta: 'Sali' },
        response(status, { usage: responseUsage, incomplete_details: { reason: 'max_output_tokens' } }),
      ),
    );
    assert.deepEqual(bill(event), spent, status);
    assert.equal(event.usage.source, 'provider', status);
  }
});

test('ai-gateway#1189, gh-aw-firewall#1550: a packed answer is unpacked before it is read', async () => {
  const stream = sse(
    claudeStart({ input_tokens: 1000, output_tokens: 1 }),
    claudeText('Sali'),
    ...claudeEnd({ output_tokens: 200 }),
  );
  const call: OneCall = {
    url: 'https://api.anthropic.com/v1/messages',
    body: { model: 'claude-sonnet-4-5', max_tokens: 100, stream: true, messages },
    answer: gzipSync(stream),
    headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
  };
  for (const split of [null, 1, 11]) {
    const event = await metered(call, meterOn(split));
    assert.deepEqual(bill(event), { input: 1000, output: 200, total: 1200, dollars: 0.006 });
  }
});

test('litellm#37992: a 0 that the provider reports stays 0', async () => {
  const nothing = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const event = await metered(chatStream(chunk('Sali', 'stop'), lastChunk(nothing)));
  assert.deepEqual(bill(event), { input: 0, output: 0, total: 0, dollars: 0 });
  assert.equal(event.usage.source, 'provider');
});

test('bifrost#4746: a stream of Bedrock has its cache counters', async () => {
  const event = await metered({
    url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/global.anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream',
    body: { messages: [{ role: 'user', content: [{ text: 'Hoi' }] }] },
    headers: awsStreamHeaders,
    answer: Buffer.concat([
      awsEvent('messageStart', { role: 'assistant' }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Sali' } }),
      awsEvent('messageStop', { stopReason: 'end_turn' }),
      awsEvent('metadata', {
        usage: {
          inputTokens: 100,
          outputTokens: 20,
          totalTokens: 1620,
          cacheReadInputTokens: 1000,
          cacheWriteInputTokens: 500,
        },
      }),
    ]),
  });
  assert.deepEqual(bill(event), { input: 1600, output: 20, total: 1620, dollars: 0.002775 });
  assert.partialDeepStrictEqual(event.usage, { cache_read_tokens: 1000, cache_write_tokens: 500 });
});

test('aisix#226, #403: every endpoint that can spend makes an event with what was used', async () => {
  const sound = { headers: { 'content-type': 'audio/mpeg' }, answer: new Uint8Array([0xff, 0xf3, 0x84, 0xc4]) };
  const endpoints: readonly (readonly [OneCall, Partial<LLMUsageAudit['usage']>, number])[] = [
    [
      {
        url: `${openai}/responses`,
        body: { model: 'gpt-4o-mini', input: 'Hoi' },
        answer: response('completed', { usage: responseUsage }).response,
      },
      { prompt_tokens: 1000, generation_tokens: 200 },
      0.00027,
    ],
    [
      {
        url: `${openai}/completions`,
        body: { model: 'gpt-3.5-turbo-instruct', prompt: 'Hoi' },
        answer: { model: 'gpt-3.5-turbo-instruct', choices: [{ text: 'Sali', finish_reason: 'stop' }], usage: counted },
      },
      { prompt_tokens: 1000, generation_tokens: 200 },
      0.0019,
    ],
    [
      {
        url: `${openai}/embeddings`,
        body: { model: 'text-embedding-3-small', input: 'Hoi' },
        answer: {
          object: 'list',
          model: 'text-embedding-3-small',
          data: [],
          usage: { prompt_tokens: 1000, total_tokens: 1000 },
        },
      },
      { prompt_tokens: 1000, generation_tokens: 0 },
      0.00002,
    ],
    [
      {
        url: `${openai}/images/generations`,
        body: { model: 'dall-e-3', prompt: 'The Aare' },
        answer: { data: [{ url: 'https://pictures.example/1' }] },
      },
      { images: 1 },
      0.04,
    ],
    [
      { url: `${openai}/audio/speech`, body: { model: 'tts-1', input: 'The Aare', voice: 'alloy' }, ...sound },
      { input_characters: 8 },
      0.00012,
    ],
    [
      {
        url: `${openai}/audio/transcriptions`,
        body: { model: 'whisper-1' },
        answer: { text: 'Sali', usage: { type: 'duration', seconds: 60 } },
      },
      { audio_seconds: 60 },
      0.006,
    ],
    [
      {
        url: 'https://api.cohere.com/v2/rerank',
        body: { model: 'rerank-v3.5', query: 'Hoi', documents: ['Sali'] },
        answer: { results: [], meta: { billed_units: { search_units: 1 } } },
      },
      { search_units: 1 },
      0.002,
    ],
    [
      {
        url: 'https://api.mistral.ai/v1/ocr',
        body: { model: 'mistral-ocr-latest', document: {} },
        answer: { pages: [], model: 'mistral-ocr-2505-completion', usage_info: { pages_processed: 2 } },
      },
      { pages: 2 },
      0.002,
    ],
  ];
  for (const [call, usage, dollars] of endpoints) {
    const event = await metered(call);
    assert.partialDeepStrictEqual(event.usage, usage, call.url);
    assert.equal(event.costs?.total_cost, dollars, call.url);
  }
});

const story = Array.from({ length: 50 }, (_, at) => `word number ${at} of a long answer. `);
const claudeAsk = {
  vendor: 'anthropic',
  path: '/v1/messages',
  body: { model: 'claude-sonnet-4-5', max_tokens: 4000, stream: true, messages },
} as const;

test('litellm#33736, #30630: a client that leaves in the middle of a stream leaves one event, with a cost', async () => {
  const event = await eventOf({
    body: { model: 'gpt-4o-mini', stream: true, messages },
    answer: story.map((text) => sse(chunk(text))),
    ending: 'client_gone',
  });
  assert.partialDeepStrictEqual(event, { outcome: 'aborted', cost_status: 'priced', usage: { source: 'estimated' } });
  assert.ok((event.usage.generation_tokens ?? 0) > 200);
  assert.ok((event.costs?.total_cost ?? 0) > 0);
});

test('litellm#39893: the count that opens a stream is a placeholder, what was said since is paid', async () => {
  const event = await eventOf({
    ...claudeAsk,
    answer: [claudeStart({ input_tokens: 25, output_tokens: 1 }), ...story.map(claudeText)].map((each) => sse(each)),
    ending: 'client_gone',
  });
  const output = event.usage.generation_tokens ?? 0;
  assert.ok(output > 200, `${output} tokens`);
  assert.partialDeepStrictEqual(event, { outcome: 'aborted', usage: { prompt_tokens: 25, source: 'partial' } });
  assert.equal(event.costs?.total_cost, (25 * 3 + output * 15) / 1e6);
});

test('litellm#36008, #35958: a stream that is drained after its client left is paid as the provider says at its end', async () => {
  const answer = [
    claudeStart({ input_tokens: 45, output_tokens: 1 }),
    ...story.map(claudeText),
    ...claudeEnd({ output_tokens: 511 }),
  ].map((each) => sse(each));
  const event = await eventOf({ ...claudeAsk, answer, ending: 'client_gone' });
  assert.equal(event.outcome, 'aborted');
  assert.equal(event.usage.source, 'provider');
  assert.deepEqual(bill(event), { input: 45, output: 511, total: 556, dollars: 0.0078 });
});

test('openllmetry#627: usage is asked for where a stream has none unasked, and the client sees nothing of it', async () => {
  const events: LLMUsageAudit[] = [];
  const settings = testSettings((event) => events.push(event), {});
  const plugins = createPlugins(settings);
  const vendor = vendorOf('openai');
  assert.ok(vendor);
  const body = { model: 'gpt-4o-mini', stream: true, messages };
  const at = settings.platform.now();
  const decision = await plugins.decide({
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    provider: { id: 'openai', vendor, origin: openai, credential: null },
    clientIp: null,
    route: { id: 'openai', name: 'openai' },
    receivedAt: at,
    readAt: at,
  });
  assert.ok(decision.action === 'forward' && decision.call && decision.body);
  assert.deepEqual(JSON.parse(Buffer.from(decision.body).toString()), {
    ...body,
    stream_options: { include_usage: true },
  });
  const watch = plugins.watch(decision.call, 1);
  watch.head(200, { 'content-type': 'text/event-stream' });
  const asked = sse(chunk('日本語 '), chunk('😀', 'stop'));
  const received: Uint8Array[] = [];
  for (const byte of Buffer.from(asked + sse(lastChunk(counted), '[DONE]'))) {
    const piece = Uint8Array.of(byte);
    received.push(watch.pass(piece).slice());
    watch.read(piece);
  }
  received.push(watch.flush());
  await watch.end('complete');
  assert.equal(Buffer.concat(received).toString(), asked + sse('[DONE]'));
  assert.deepEqual(events.map(bill), [spent]);
});

test('aisix#111, claude-code-router#1672, lobehub#18640: a character cut in two by the network is whole in the event', async () => {
  const text = 'Grüezi, 日本語 😀 — ça va?';
  const call = chatStream(...[...text].map((each) => chunk(each)), chunk('', 'stop'), lastChunk(counted));
  for (const split of [1, 2, 3, 5]) {
    const event = await metered(call, pluginsMeter(split, { capture: { mode: 'full', maxBytes: 4096 } }));
    assert.partialDeepStrictEqual(event.output, { generations: [{ message: { content: text } }] });
    assert.equal(event.usage.prompt_tokens, 1000);
  }
});

const gemini = (usageMetadata: object): OneCall => ({
  url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
  body: { contents: [{ role: 'user', parts: [{ text: 'Hoi' }] }] },
  answer: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Sali' }] }, finishReason: 'STOP' }],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
  },
});

test('litellm#33534: what tools feed back to Gemini is input', async () => {
  const event = await metered(
    gemini({ promptTokenCount: 100, toolUsePromptTokenCount: 25, candidatesTokenCount: 40, totalTokenCount: 165 }),
  );
  assert.deepEqual(bill(event), { input: 125, output: 40, total: 165, dollars: 0.0001375 });
  assert.equal(event.usage.check, 'ok');
});

test('litellm#24622: thoughts of Gemini are added once, also beside tool use', async () => {
  const event = await metered(
    gemini({
      promptTokenCount: 100,
      toolUsePromptTokenCount: 25,
      candidatesTokenCount: 40,
      thoughtsTokenCount: 60,
      totalTokenCount: 225,
    }),
  );
  assert.deepEqual(bill(event), { input: 125, output: 100, total: 225, dollars: 0.0002875 });
  assert.partialDeepStrictEqual(event.usage, { reasoning_tokens: 60, check: 'ok' });
});

const transcription = (answer: object | Uint8Array, type: string): OneCall => ({
  url: `${openai}/audio/transcriptions`,
  body: { model: 'whisper-1' },
  answer,
  headers: { 'content-type': type },
});

test('aisix#868: sound is paid by the second where the answer tells them', async () => {
  for (const told of [{ usage: { type: 'duration', seconds: 90 } }, { duration: 90 }]) {
    const event = await metered(transcription({ text: 'Sali', ...told }, 'application/json'));
    assert.partialDeepStrictEqual(event, { usage: { audio_seconds: 90 }, costs: { total_cost: 0.009 } });
  }
});

test('litellm#36357: a transcript that tells no seconds costs an unknown amount, not $0', async () => {
  const subtitles = Buffer.from('1\n00:00:00,000 --> 00:01:30,000\nSali\n\n');
  const event = await metered(transcription(subtitles, 'text/plain'));
  assert.partialDeepStrictEqual(event, { outcome: 'success', usage: { source: 'none' }, cost_status: 'unmetered' });
  assert.equal(event.costs, null);
});

test('pollinations#5594, sub2api#2168: leaving before the first byte, or before the figures, is not free', async () => {
  const body = {
    model: 'gpt-4o-mini',
    stream: true,
    messages: [{ role: 'user', content: 'A long story. '.repeat(50) }],
  };
  const early = await eventOf({ body, answer: null, ending: 'client_gone' });
  const late = await eventOf({ body, answer: story.map((text) => sse(chunk(text))), ending: 'client_gone' });
  for (const event of [early, late]) {
    assert.partialDeepStrictEqual(event, { outcome: 'aborted', cost_status: 'priced' });
    assert.ok((event.usage.prompt_tokens ?? 0) > 100);
  }
  assert.ok((late.costs?.total_cost ?? 0) > (early.costs?.total_cost ?? 0));
  assert.ok((early.costs?.total_cost ?? 0) > 0);
});

test('pollinations#5594, sub2api#2168: a stream that its client leaves is paid in the tier that serves it', async () => {
  const of = (service_tier: string) =>
    eventOf({
      body: { model: 'gpt-5', stream: true, service_tier: 'flex', messages },
      answer: story.map((text) => sse({ ...chunk(text), model: 'gpt-5', service_tier })),
      ending: 'client_gone',
    });
  const [flex, standard] = [await of('flex'), await of('default')];
  assert.equal(flex.service_tier, 'flex');
  assert.equal(standard.costs?.total_cost, 2 * (flex.costs?.total_cost ?? 0));
});

test('every thread in the table of docs/metering.md has a test of its name', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const threads = [...read('docs/metering.md').matchAll(/^\| `([^`|]*#\d[^`|]*)` \|/gm)].map(([, threads = '']) =>
    threads.replaceAll(/[\w.-]+\//g, ''),
  );
  assert.ok(threads.length > 40);
  const tests = ['cost', 'usage'].map((name) => read(`test/conformance/peers-${name}.test.ts`)).join('');
  assert.deepEqual(
    threads.filter((thread) => !tests.includes(`'${thread}: `) && !tests.includes(`'${thread}'`)),
    [],
  );
});
