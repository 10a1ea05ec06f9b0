import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bedrockEmbeddings } from '../../../../plugins/dialects/bedrock-embeddings.ts';
import { bedrockImages } from '../../../../plugins/dialects/bedrock-images.ts';
import { bedrockInvoke } from '../../../../plugins/dialects/bedrock-invoke.ts';
import { bedrockRerank } from '../../../../plugins/dialects/bedrock-rerank.ts';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { newReading, type Reading } from '../../../../plugins/dialects/dialect.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';
import { awsEvent, awsException, awsStreamHeaders } from '../../../support/aws-frames.ts';
import { readAnswer } from '../../../support/reading.ts';

const headersOf = (input: number, output: number, cacheRead = 0, cacheWrite = 0) => ({
  'x-amzn-bedrock-input-token-count': String(input),
  'x-amzn-bedrock-output-token-count': String(output),
  'x-amzn-bedrock-cache-read-input-token-count': String(cacheRead),
  'x-amzn-bedrock-cache-write-input-token-count': String(cacheWrite),
});
const whole = (headers: Record<string, string>, body: JsonObject): Reading => {
  const reading = newReading(false);
  bedrockInvoke.head?.(reading, headers);
  bedrockInvoke.whole(reading, body);
  return reading;
};
const chunk = (event: object) => awsEvent('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
const metrics = (counts: object) => ({ 'amazon-bedrock-invocationMetrics': { invocationLatency: 9, ...counts } });
const stream = (...frames: Buffer[]) =>
  readAnswer(bedrockInvoke, Buffer.concat(frames), undefined, false, awsStreamHeaders);

test("the body's figures count, the headers' only where it has none, and never both", () => {
  const claude = { type: 'message', model: 'claude-m', content: [], usage: { input_tokens: 4, output_tokens: 50 } };
  const both = whole(headersOf(9, 99, 10, 0), claude);
  assert.partialDeepStrictEqual(both.usage, { input: 4, output: 50, cacheRead: null });
  assert.deepEqual(both.reported, claude.usage);

  const bare = whole(headersOf(9, 99, 10, 1), { outputs: [{ text: 'Hi', stop_reason: 'stop' }] });
  assert.partialDeepStrictEqual(bare, {
    usage: { input: 20, output: 99, cacheRead: 10, cacheWrite: 1 },
    finish: ['stop'],
  });
});

test('the service tier of the header is kept with figures of the body', () => {
  const reading = whole(
    { 'x-amzn-bedrock-service-tier': 'flex', ...headersOf(5, 2) },
    { generation: 'Hi', prompt_token_count: 5, generation_token_count: 2 },
  );
  assert.partialDeepStrictEqual(reading.usage, { input: 5, output: 2, serviceTier: 'flex' });
});

test("a stream's metrics count only where the model gives no figures", () => {
  const own = stream(
    chunk({
      type: 'message_start',
      message: { id: 'm', model: 'claude-m', usage: { input_tokens: 702, output_tokens: 3 } },
    }),
    chunk({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 130 } }),
    chunk({ type: 'message_stop', ...metrics({ inputTokenCount: 702, outputTokenCount: 98 }) }),
  );
  assert.partialDeepStrictEqual(own.usage, { input: 702, output: 130 });
  const none = stream(
    chunk({ is_finished: true, finish_reason: 'COMPLETE', ...metrics({ inputTokenCount: 20, outputTokenCount: 10 }) }),
  );
  assert.partialDeepStrictEqual(none, { usage: { input: 20, output: 10 }, finish: ['COMPLETE'] });
});

test('cache counters that only the metrics have bring their input with them', () => {
  const { usage } = stream(
    chunk({ type: 'message_start', message: { model: 'claude-m', usage: { input_tokens: 5, output_tokens: 1 } } }),
    chunk({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 30 } }),
    chunk({
      type: 'message_stop',
      ...metrics({
        inputTokenCount: 5,
        outputTokenCount: 28,
        cacheReadInputTokenCount: 400,
        cacheWriteInputTokenCount: 0,
      }),
    }),
  );
  assert.partialDeepStrictEqual(usage, { input: 405, output: 30, cacheRead: 400, cacheWrite: 0 });
});

test('counts in every chunk are snapshots, and null in a later one says nothing', () => {
  const { usage } = stream(
    chunk({ generation: 'a', prompt_token_count: 9, generation_token_count: 1, stop_reason: null }),
    chunk({ generation: 'b', prompt_token_count: null, generation_token_count: 2, stop_reason: null }),
    chunk({ generation: '', prompt_token_count: null, generation_token_count: 3, stop_reason: 'stop' }),
  );
  assert.partialDeepStrictEqual(usage, { input: 9, output: 3 });
});

test('a chunk that cannot be read is passed over, and the others count', () => {
  const { usage, error } = stream(
    awsEvent('chunk', { bytes: 'not base64!' }),
    awsEvent('chunk', { bytes: Buffer.from('{"half":').toString('base64') }),
    awsEvent('chunk', {}),
    awsEvent('news', { bytes: 5 }),
    chunk({ outputText: 'Hi', totalOutputTextTokenCount: 2, inputTextTokenCount: 3, completionReason: 'FINISH' }),
  );
  assert.partialDeepStrictEqual({ usage, error }, { usage: { input: 3, output: 2 }, error: null });
});

test('an exception after some text is an error, and the figures so far are kept', () => {
  const reading = stream(
    chunk({ type: 'message_start', message: { model: 'claude-m', usage: { input_tokens: 5, output_tokens: 1 } } }),
    awsException('throttlingException', { message: 'slow down' }),
  );
  assert.partialDeepStrictEqual(reading, {
    error: { type: 'throttlingException' },
    usage: { input: 5 },
    complete: false,
  });
});

test('an error has the type of its header and the message of its body, in either spelling', () => {
  const headers = { 'x-amzn-errortype': 'AccessDeniedException:http://example.test/' };
  for (const body of [{ message: 'no' }, { Message: 'no' }])
    assert.deepEqual(whole(headers, body).error, {
      type: 'AccessDeniedException:http://example.test/',
      code: null,
      message: 'no',
    });
  assert.equal(whole({}, { __type: 'ThrottlingException', message: 'slow' }).error?.type, 'ThrottlingException');
});

test('embeddings have no output, pictures no tokens', () => {
  assert.partialDeepStrictEqual(whole({}, { embedding: [0.1], inputTextTokenCount: 3 }).usage, { input: 3, output: 0 });
  const path = '/model/amazon.titan-image-generator-v2:0/invoke';
  assert.deepEqual([bedrockInvoke.handles(path, 'bedrock'), bedrockImages.handles(path, 'bedrock')], [false, true]);
  assert.partialDeepStrictEqual(
    bedrockImages.units?.(newReading(false), { imageGenerationConfig: { numberOfImages: 3, width: 512, height: 512 } }),
    { images: 3, imageVariant: '512x512', input: null },
  );
});

test('what a model makes is told by its id, also inside an ARN', () => {
  const arn = (id: string) => `/model/arn:aws:bedrock:eu-west-1::foundation-model/${id}/invoke`;
  for (const [path, dialect] of [
    ['/model/amazon.titan-embed-text-v2:0/invoke', bedrockEmbeddings],
    [arn('cohere.embed-english-v3'), bedrockEmbeddings],
    ['/model/cohere.rerank-v3-5:0/invoke', bedrockRerank],
    [arn('amazon.nova-canvas-v1:0'), bedrockImages],
    ['/model/amazon.nova-lite-v1:0/invoke-with-response-stream', bedrockInvoke],
  ] as const)
    assert.deepEqual(classify('POST', path, 'bedrock'), { kind: 'metered', dialect }, path);
});

test("OpenAI's format names the model that answered, AI21's own does not in Bedrock's words", () => {
  const answer = { choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] };
  assert.equal(whole({}, { ...answer, object: 'chat.completion', model: '/opt/ml/model' }).model, '/opt/ml/model');
  assert.equal(whole({}, { ...answer, model: 'jamba-1.5-mini' }).model, null);
});

test("an operation that AWS does not know is an error by its type's own name", () => {
  const answer = { Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' };
  assert.deepEqual(whole({}, answer).error, { type: 'UnknownOperationException', code: null, message: null });
});

test("the request is read in the model's own words", () => {
  const ask = (body: JsonObject) => bedrockInvoke.ask(body, '/model/m/invoke-with-response-stream');
  const messages = [{ role: 'user', content: 'Hello' }];
  for (const [body, maxOutput] of [
    [{ anthropic_version: 'bedrock-2023-05-31', max_tokens: 1, messages }, 1],
    [{ schemaVersion: 'messages-v1', inferenceConfig: { maxTokens: 2 }, messages }, 2],
    [{ messages, max_tokens: 3 }, 3],
    [{ prompt: 'Hello', max_gen_len: 4 }, 4],
    [{ inputText: 'Hello', textGenerationConfig: { maxTokenCount: 5 } }, 5],
    [{ prompt: 'Human: Hello', max_tokens_to_sample: 6 }, 6],
  ] as const)
    assert.partialDeepStrictEqual(ask(body as unknown as JsonObject), {
      model: 'm',
      stream: true,
      maxOutput,
      messages: { count: 1 },
    });
});
