/**
 * Bedrock InvokeModel and InvokeModelWithResponseStream: the model's own format, and Bedrock's counts around it, which
 * count only where the model gives none.
 */
import { base64Bytes } from '../framing/base64.ts';
import { noUsage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { awsErrors } from './aws-errors.ts';
import { bedrockConverse } from './bedrock-converse.ts';
import { readFamily } from './bedrock-families.ts';
import { bedrockMakes, bedrockModel } from './bedrock-model.ts';
import { type Ask, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { openaiChat } from './openai-chat.ts';
import { count, object, objects, paramsOf, plainCount, string, sum } from './read.ts';

export const bedrockInvoke: Dialect = {
  name: 'bedrock-invoke',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  handles: (path) => bedrockMakes(path) === 'text',

  ask: (body, path) => ({
    ...askOf(body, path),
    model: bedrockModel(path),
    stream: path.toLowerCase().endsWith('-stream'),
  }),

  head: (reading, headers) => {
    awsErrors.head(reading, headers);
    const told = Object.fromEntries(
      Object.values(headerNames)
        .filter((name) => headers[name] !== undefined)
        .map((name) => [name, headers[name]]),
    );
    takeCounts(reading, told, headerNames);
    if (reading.usage) reading.usage.serviceTier = string(headers['x-amzn-bedrock-service-tier']);
  },

  whole: (reading, answer) => {
    awsErrors.body(reading, answer);
    const told = { usage: reading.usage, reported: reading.reported };
    Object.assign(reading, { usage: null, reported: null });
    readFamily(reading, answer);
    if (reading.usage) reading.usage.serviceTier ??= told.usage?.serviceTier ?? null;
    else Object.assign(reading, told);
    if (reading.usage && isVectors(answer)) reading.usage.output ??= 0;
  },

  event: (reading, name, event) => {
    if (awsErrors.event(reading, name, event)) return;
    const chunk = chunkOf(event);
    if (!chunk) return;
    readFamily(reading, chunk);
    const metrics = object(chunk['amazon-bedrock-invocationMetrics']);
    if (metrics) takeMetrics(reading, metrics);
  },

  recognises: (answer, event) => event === 'chunk' && chunkOf(answer) !== null,

  refusal: awsErrors.refusal,
};

/** The request is the model's own, too. */
const askOf = (body: JsonObject, path: string): Ask => {
  if (body.anthropic_version !== undefined) return anthropicMessages.ask(body, path);
  if (body.inferenceConfig !== undefined || body.schemaVersion !== undefined) return bedrockConverse.ask(body, path);
  if (objects(body.messages).length > 0) return openaiChat.ask(body, path);
  const titan = object(body.textGenerationConfig);
  return plainAsk(null, {
    maxOutput:
      plainCount(body.max_tokens) ??
      plainCount(body.max_gen_len) ??
      plainCount(body.max_tokens_to_sample) ??
      plainCount(titan?.maxTokenCount),
    params: paramsOf(
      { temperature: body.temperature ?? titan?.temperature, top_p: body.top_p ?? body.p ?? titan?.topP },
      ['temperature', 'top_p'],
    ),
    messages: { count: 1, user: 1, assistant: 0, tool: 0 },
    prompt: body.prompt ?? body.inputText ?? body.message ?? body.texts ?? null,
  });
};

/** Where Bedrock's own counts stand: input leaves the cache out. */
interface CountNames {
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string;
  readonly cacheWrite: string;
}

const headerNames: CountNames = {
  input: 'x-amzn-bedrock-input-token-count',
  output: 'x-amzn-bedrock-output-token-count',
  cacheRead: 'x-amzn-bedrock-cache-read-input-token-count',
  cacheWrite: 'x-amzn-bedrock-cache-write-input-token-count',
};

const metricNames: CountNames = {
  input: 'inputTokenCount',
  output: 'outputTokenCount',
  cacheRead: 'cacheReadInputTokenCount',
  cacheWrite: 'cacheWriteInputTokenCount',
};

const takeCounts = (reading: Reading, told: JsonObject, names: CountNames): void => {
  const input = count(reading, told[names.input]);
  const output = count(reading, told[names.output]);
  if (input === null && output === null) return;
  const cacheRead = count(reading, told[names.cacheRead]);
  const cacheWrite = count(reading, told[names.cacheWrite]);
  reading.usage = { ...noUsage, input: sum(input, sum(cacheRead, cacheWrite)), output, cacheRead, cacheWrite };
  reading.reported = told;
};

/** The last chunk's metrics. Of a model that counts without the cache, they bring the cache and the input with it. */
const takeMetrics = (reading: Reading, metrics: JsonObject): void => {
  const { usage, reported } = reading;
  if (usage && (usage.cacheRead !== null || usage.cacheWrite !== null)) return;
  const cached = Number(metrics[metricNames.cacheRead] ?? 0) + Number(metrics[metricNames.cacheWrite] ?? 0) > 0;
  if (usage && !cached) return;
  takeCounts(reading, metrics, metricNames);
  if (!usage || !reading.usage) return;
  reading.usage.output = usage.output ?? reading.usage.output;
  reading.reported = { ...reported, 'amazon-bedrock-invocationMetrics': metrics };
};

const isVectors = (answer: JsonObject): boolean =>
  [answer.embedding, answer.embeddings, answer.embeddingsByType].some((each) => each !== undefined);

/** A chunk's bytes are the model's own event, in Base64. */
const chunkOf = (event: JsonObject): JsonObject | null => {
  const bytes = typeof event.bytes === 'string' ? base64Bytes(event.bytes) : null;
  if (!bytes) return null;
  try {
    return object(JSON.parse(utf8.decode(bytes)) as Json);
  } catch {
    return null;
  }
};

const utf8 = new TextDecoder();
