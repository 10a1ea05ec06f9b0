import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { geminiGenerate } from '../../../../plugins/dialects/gemini-generate.ts';
import { promptMessages } from '../../../../plugins/redaction/prompt.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const path = '/v1beta/models/gemini-2.5-flash:generateContent';

const chunk = (parts: object[], usageMetadata: object | null, more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts }, ...more }],
  ...(usageMetadata && { usageMetadata }),
  modelVersion: 'gemini-2.5-flash',
});
const done = { finishReason: 'STOP' };
const usageOf = (usageMetadata: object) =>
  readAnswer(geminiGenerate, JSON.stringify(chunk([{ text: 'a' }], usageMetadata, done))).usage;

test('what tools fed back is input, and thoughts are added to the answer once', () => {
  const usage = usageOf({
    promptTokenCount: 100,
    toolUsePromptTokenCount: 25,
    candidatesTokenCount: 30,
    thoughtsTokenCount: 10,
    totalTokenCount: 165,
  });
  assert.partialDeepStrictEqual(usage, { input: 125, output: 40, reasoning: 10, totalReported: 165 });
});

test('the last chunk that counts replaces those before it as a whole', () => {
  const reading = readAnswer(
    geminiGenerate,
    sse(
      chunk([{ text: 'a' }], { promptTokenCount: 9, candidatesTokenCount: 15, totalTokenCount: 24 }),
      chunk([{ text: 'b' }], { promptTokenCount: 87, thoughtsTokenCount: 78, totalTokenCount: 165 }, done),
      chunk([], { trafficType: 'ON_DEMAND' }),
    ),
  );
  assert.partialDeepStrictEqual(reading, {
    usage: { input: 87, output: 78, reasoning: 78, cacheRead: null },
    finish: ['STOP'],
    complete: true,
  });
});

test('an answer without a count of its own has what the total leaves for it', () => {
  assert.partialDeepStrictEqual(usageOf({ promptTokenCount: 11, totalTokenCount: 11 }), { input: 11, output: 0 });
  assert.partialDeepStrictEqual(usageOf({ promptTokenCount: 11, totalTokenCount: 15 }), { input: 11, output: 4 });
  assert.partialDeepStrictEqual(usageOf({ promptTokenCount: 11 }), { input: 11, output: null });
  assert.partialDeepStrictEqual(usageOf({ promptTokenCount: 11, candidatesTokenCount: 4, totalTokenCount: null }), {
    input: 11,
    output: 4,
  });
});

test('a usage that counts nothing is no usage', () => {
  assert.equal(usageOf({ trafficType: 'ON_DEMAND' }), null);
  assert.equal(usageOf({}), null);
});

test('a count that is none marks the reading, and becomes no number', () => {
  const reading = readAnswer(
    geminiGenerate,
    JSON.stringify(chunk([], { promptTokenCount: -1, candidatesTokenCount: 4 })),
  );
  assert.equal(reading.invalid, true);
  assert.partialDeepStrictEqual(reading.usage, { input: null, output: 4 });
});

test('how a call was served is told by the tier of AI Studio or the traffic type of Vertex', () => {
  const tier = (more: object) => usageOf({ promptTokenCount: 1, ...more })?.serviceTier;
  assert.equal(tier({ serviceTier: 'priority' }), 'priority');
  assert.equal(tier({ trafficType: 'ON_DEMAND' }), 'standard');
  assert.equal(tier({ trafficType: 'ON_DEMAND_FLEX' }), 'flex');
  assert.equal(tier({ trafficType: 3 }), 'priority');
  assert.equal(tier({ trafficType: 'PROVISIONED_THROUGHPUT' }), 'provisioned_throughput');
  assert.equal(tier({ trafficType: 0 }), null);
});

test('enums as numbers mean the same; those that AI Studio and Vertex number differently stay numbers', () => {
  const finish = (finishReason: number) =>
    readAnswer(geminiGenerate, JSON.stringify(chunk([], null, { finishReason }))).finish;
  assert.deepEqual(finish(1), ['STOP']);
  assert.deepEqual(finish(2), ['MAX_TOKENS']);
  assert.deepEqual(finish(0), []);
  assert.deepEqual(finish(9), ['9']);
});

test('thoughts, text and calls are told apart, and a second candidate is counted, not kept', () => {
  const parts = [
    { text: 'Hm.', thought: true },
    { text: 'Look:' },
    { functionCall: { name: 'weather', args: { city: 'Bern' } } },
  ];
  const reading = readAnswer(
    geminiGenerate,
    JSON.stringify({
      candidates: [
        { content: { parts }, index: 0 },
        { content: { parts: [{ text: 'Other' }] }, index: 1 },
      ],
    }),
    undefined,
    true,
  );
  assert.partialDeepStrictEqual(reading, {
    text: {
      content: ['Look:'],
      reasoning: ['Hm.'],
      calls: [{ name: 'weather', arguments: ['{"city":"Bern"}'] }],
      cut: true,
    },
    toolCalls: ['weather'],
    outputChars: 28,
  });
});

test('arguments that Vertex streams in pieces belong to the call that was named before', () => {
  const piece = (functionCall: object) => chunk([{ functionCall }], null);
  const reading = readAnswer(
    geminiGenerate,
    sse(
      piece({ name: 'weather', willContinue: true }),
      piece({ partialArgs: [{ jsonPath: '$.city', stringValue: 'Bern' }], willContinue: true }),
      piece({}),
    ),
    undefined,
    true,
  );
  assert.deepEqual(reading.toolCalls, ['weather']);
  assert.deepEqual(reading.text?.calls, [
    { key: null, name: 'weather', arguments: ['[{"jsonPath":"$.city","stringValue":"Bern"}]'] },
  ]);
});

test('a stream that broke off is not complete', () => {
  const reading = readAnswer(geminiGenerate, sse(chunk([{ text: 'a' }], { promptTokenCount: 9 })));
  assert.partialDeepStrictEqual(reading, { complete: false, usage: { input: 9 } });
});

test('a stream as one JSON array reads the same as server-sent events, however both are cut', () => {
  const events = [
    chunk([{ text: 'Zürich, "[x]' }], { promptTokenCount: 4, totalTokenCount: 4 }),
    chunk([{ text: '] done.' }], { promptTokenCount: 4, candidatesTokenCount: 6, totalTokenCount: 10 }, done),
  ];
  const wanted = readAnswer(geminiGenerate, sse(...events), undefined, true);
  const array = JSON.stringify(events, null, 2);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: array.length }), fc.boolean(), (split, asArray) => {
      const reading = readAnswer(geminiGenerate, asArray ? array : sse(...events), split, true);
      assert.deepEqual(reading, wanted);
    }),
    { numRuns: 60 },
  );
});

const request: JsonObject = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    { role: 'user', parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: 'QUJD' } }] },
    { role: 'model', parts: [{ functionCall: { name: 'look', args: {} } }] },
    { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'a lake' } } }] },
  ],
  generationConfig: { temperature: 0.2, topP: 0.9, maxOutputTokens: 50, thinkingConfig: { thinkingLevel: 'LOW' } },
  tools: [{ functionDeclarations: [{ name: 'look' }, { name: 'count' }] }, { codeExecution: {} }],
  toolConfig: { functionCallingConfig: { mode: 'ANY' } },
};

test('a request tells its messages, parameters and tools', () => {
  assert.partialDeepStrictEqual(geminiGenerate.ask(request, path), {
    model: 'gemini-2.5-flash',
    stream: false,
    maxOutput: 50,
    params: { temperature: '0.2', top_p: '0.9', max_output_tokens: '50', thinking_level: 'LOW' },
    messages: { count: 3, user: 2, assistant: 1, tool: 1 },
    tools: { offered: ['look', 'count', 'code_execution'], choice: 'ANY', resultCount: 1 },
  });
});

test('keys in snake_case say the same', () => {
  const snake = JSON.parse(
    JSON.stringify(request).replace(/"\w+":/g, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  );
  const told = (body: JsonObject) => ({ ...geminiGenerate.ask(body, path), prompt: null });
  assert.deepEqual(told(snake), told(request));
});

test('a captured prompt has texts, calls and results, and a mark for a picture', () => {
  assert.deepEqual(promptMessages(geminiGenerate.ask(request, path).prompt), [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is this?\n[image]' },
    { role: 'model', content: 'look({})' },
    { role: 'user', content: '{"output":"a lake"}' },
  ]);
});

test('a request of any shape is read without a throw', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(request)), fc.jsonValue()), (body) => {
      geminiGenerate.ask(body as JsonObject, path);
    }),
    { numRuns: 200 },
  );
});

test('an answer at an unknown path is known by its candidates', () => {
  assert.equal(geminiGenerate.recognises?.(chunk([], null) as JsonObject, null), true);
  assert.equal(geminiGenerate.recognises?.({ candidates: [] }, null), false);
  assert.equal(geminiGenerate.recognises?.({ error: { code: 404, status: 'NOT_FOUND' } }, null), false);
});

test('refusals have the code and status that the SDK maps to its exceptions', () => {
  const statusOf = (status: number) => geminiGenerate.refusal({ status, code: 'c', message: 'm' });
  assert.deepEqual(statusOf(429), { error: { code: 429, message: 'm', status: 'RESOURCE_EXHAUSTED' } });
  assert.deepEqual(statusOf(401), { error: { code: 401, message: 'm', status: 'UNAUTHENTICATED' } });
  assert.deepEqual(statusOf(402), { error: { code: 402, message: 'm', status: 'FAILED_PRECONDITION' } });
  assert.deepEqual(statusOf(502), { error: { code: 502, message: 'm', status: 'INTERNAL' } });
});
