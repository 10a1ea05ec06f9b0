import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bedrockConverse } from '../../../../plugins/dialects/bedrock-converse.ts';
import { awsEvent, awsException, awsStreamHeaders } from '../../../support/aws-frames.ts';
import { readAnswer } from '../../../support/reading.ts';

const text = (value: string) =>
  awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: value }, p: 'abc' });
const metadata = (usage: object) => awsEvent('metadata', { usage, metrics: { latencyMs: 1 } });
const stream = (frames: Buffer[], split?: number, wantText = false) =>
  readAnswer(bedrockConverse, Buffer.concat(frames), split, wantText, awsStreamHeaders);
const usageOf = (usage: object) => readAnswer(bedrockConverse, JSON.stringify({ stopReason: 'end_turn', usage })).usage;

test('the cache is added to the input that Bedrock reports without it', () => {
  assert.partialDeepStrictEqual(
    usageOf({
      inputTokens: 4,
      outputTokens: 50,
      totalTokens: 1874,
      cacheReadInputTokens: 1700,
      cacheWriteInputTokens: 120,
      cacheDetails: [
        { ttl: '1h', inputTokens: 100 },
        { ttl: '5m', inputTokens: 15 },
        { ttl: '5m', inputTokens: 5 },
      ],
    }),
    { input: 1824, output: 50, cacheRead: 1700, cacheWrite: 120, cacheWrite1h: 100, cacheWrite5m: 20 },
  );
});

test('where the total says that the cache is inside the input already, it is not added again', () => {
  assert.partialDeepStrictEqual(
    usageOf({ inputTokens: 900, outputTokens: 50, totalTokens: 950, cacheReadInputTokens: 640 }),
    { input: 900, output: 50, cacheRead: 640 },
  );
  // A cache that is larger than the input cannot be inside it.
  assert.partialDeepStrictEqual(
    usageOf({ inputTokens: 10, outputTokens: 50, totalTokens: 60, cacheReadInputTokens: 640 }),
    { input: 650, output: 50 },
  );
});

test('the cache counters of a stream are read, not only its three plain ones', () => {
  const { usage, complete } = stream([
    text('Hi'),
    awsEvent('messageStop', { stopReason: 'end_turn' }),
    metadata({
      inputTokens: 3,
      outputTokens: 2,
      totalTokens: 105,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 0,
    }),
  ]);
  assert.partialDeepStrictEqual(usage, { input: 103, output: 2, cacheRead: 100, cacheWrite: 0 });
  assert.equal(complete, true);
});

test('absent counters are null, explicit zeros are zero, and a figure that is none marks the reading', () => {
  assert.partialDeepStrictEqual(usageOf({ inputTokens: 0, outputTokens: 0 }), { input: 0, output: 0, cacheRead: null });
  assert.equal(usageOf({}), null);
  const broken = readAnswer(bedrockConverse, JSON.stringify({ usage: { inputTokens: 5, outputTokens: -1 } }));
  assert.partialDeepStrictEqual(broken, { invalid: true, usage: { input: 5, output: null } });
});

test('an exception after some text is the error of the answer, and the text is kept', () => {
  const reading = stream([text('Some text'), awsException('modelStreamErrorException', { message: 'broken off' })]);
  assert.deepEqual(reading.error, { type: 'modelStreamErrorException', code: null, message: 'broken off' });
  assert.partialDeepStrictEqual(reading, { outputChars: 9, complete: false, usage: null });
});

test('the model is the one in the path: an id, a profile or an ARN, encoded or not', () => {
  const arn = 'arn:aws:bedrock:eu-west-1:000000000000:application-inference-profile/abc';
  for (const [path, model] of [
    ['/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse', 'anthropic.claude-3-haiku-20240307-v1:0'],
    ['/bedrock/model/amazon.nova-micro-v1:0/Converse-Stream', 'amazon.nova-micro-v1:0'],
    [`/model/${encodeURIComponent(arn)}/converse`, arn],
    [`/model/${arn}/converse`, arn],
    ['/model/%C3/converse', '%C3'],
  ] as const) {
    assert.equal(bedrockConverse.handles(path.toLowerCase(), 'bedrock'), true, path);
    const ask = bedrockConverse.ask({ messages: [] }, path);
    assert.deepEqual([ask.model, ask.stream], [model, path.endsWith('Stream')], path);
  }
});

test('what is asked is read: roles, tools, choice, cap and tier', () => {
  const ask = bedrockConverse.ask(
    {
      system: [{ text: 'Be brief' }],
      messages: [
        { role: 'user', content: [{ text: 'Hello' }] },
        { role: 'assistant', content: [{ toolUse: { name: 'find', toolUseId: 't', input: {} } }] },
        { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: 'x' }] } }] },
      ],
      inferenceConfig: { maxTokens: 5, temperature: 0, topP: 0.5 },
      toolConfig: {
        tools: [{ toolSpec: { name: 'find' } }, { cachePoint: {} }],
        toolChoice: { tool: { name: 'find' } },
      },
      serviceTier: { type: 'flex' },
    },
    '/model/m/converse',
  );
  assert.partialDeepStrictEqual(ask, {
    maxOutput: 5,
    params: { temperature: '0', top_p: '0.5', max_tokens: '5', service_tier: 'flex' },
    messages: { count: 3, user: 2, assistant: 1, tool: 1 },
    tools: { offered: ['find'], choice: 'find', resultCount: 1 },
  });
});

test('skimmed or taken apart, whole or byte by byte, a stream reads the same', () => {
  const frames = [
    awsEvent('messageStart', { role: 'assistant' }),
    awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm "text": so' } } }),
    text('hello '),
    text('world'),
    awsEvent('contentBlockStop', { contentBlockIndex: 0 }),
    awsEvent('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't', name: 'weather' } } }),
    awsEvent('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '[1,2]' } } }),
    awsEvent('messageStop', { stopReason: 'tool_use' }),
    metadata({ inputTokens: 3, outputTokens: 9, totalTokens: 12 }),
  ];
  const reference = stream(frames, undefined, true);
  for (const split of [1, 5, 1 << 20]) {
    assert.partialDeepStrictEqual(stream(frames, split), {
      usage: reference.usage,
      finish: ['tool_use'],
      toolCalls: ['weather'],
      complete: true,
    });
  }
});

test('refusals carry the class of exception that an AWS SDK raises', () => {
  assert.deepEqual(bedrockConverse.refusal({ status: 429, code: 'budget_exceeded', message: 'spent' }), {
    __type: 'ThrottlingException',
    message: 'spent',
  });
  assert.equal(bedrockConverse.refusal({ status: 403, code: 'x', message: 'y' })['__type'], 'AccessDeniedException');
  assert.equal(bedrockConverse.refusal({ status: 400, code: 'x', message: 'y' })['__type'], 'ValidationException');
});
