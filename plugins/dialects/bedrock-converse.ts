/** Bedrock Converse and ConverseStream: one format for every model. `inputTokens` leaves the cache out. */
import { noUsage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { awsErrors } from './aws-errors.ts';
import { bedrockModel } from './bedrock-model.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { array, byRole, count, object, objects, paramsOf, plainCount, string, sum } from './read.ts';

export const bedrockConverse: Dialect = {
  name: 'bedrock-converse',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  handles: (path) => /\/model\/.+\/converse(-stream)?$/.test(path),

  ask: (body, path) => {
    const messages = objects(body.messages);
    const of = byRole(messages);
    const results = messages
      .flatMap((message) => objects(message.content))
      .filter((block) => object(block.toolResult) !== null).length;
    const config = object(body.inferenceConfig) ?? {};
    return plainAsk(bedrockModel(path), {
      stream: path.toLowerCase().endsWith('-stream'),
      maxOutput: plainCount(config.maxTokens) ?? plainCount(config.max_new_tokens),
      params: paramsOf(
        {
          temperature: config.temperature,
          top_p: config.topP,
          max_tokens: config.maxTokens ?? config.max_new_tokens,
          service_tier: object(body.serviceTier)?.type,
          latency: object(body.performanceConfig)?.latency,
        },
        ['temperature', 'top_p', 'max_tokens', 'service_tier', 'latency'],
      ),
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: results },
      tools: { ...toolsOf(object(body.toolConfig) ?? {}), resultCount: results },
      prompt:
        array(body.system).length > 0
          ? [{ role: 'system', content: body.system }, ...messages]
          : (body.messages ?? null),
    });
  },

  head: awsErrors.head,

  whole: (reading, answer) => {
    awsErrors.body(reading, answer);
    for (const block of objects(object(object(answer.output)?.message)?.content)) readBlock(reading, block);
    stop(reading, answer);
    metadata(reading, answer);
  },

  event: (reading, name, event) => {
    if (awsErrors.event(reading, name, event)) return;
    switch (name) {
      case 'contentBlockStart':
        return readBlock(reading, object(event.start) ?? {});
      case 'contentBlockDelta':
        return readBlock(reading, object(event.delta) ?? {});
      case 'messageStop':
        return stop(reading, event);
      case 'metadata':
        return metadata(reading, event);
    }
  },

  recognises: (answer, event) =>
    event === 'messageStart' || (string(answer.stopReason) !== null && object(answer.usage)?.inputTokens !== undefined),

  refusal: awsErrors.refusal,
};

const toolsOf = (config: JsonObject): { offered: string[]; choice: string | null } => {
  const choice = object(config.toolChoice) ?? {};
  return {
    offered: objects(config.tools)
      .map((tool) => string((object(tool.toolSpec) ?? object(tool.systemTool))?.name))
      .filter((name) => name !== null),
    choice: string(object(choice.tool)?.name) ?? Object.keys(choice)[0] ?? null,
  };
};

/** A block of a whole answer, or what an event of a stream brings of one. */
const readBlock = (reading: Reading, block: JsonObject): void => {
  addText(reading, block.text);
  for (const cited of objects(object(block.citationsContent)?.content)) addText(reading, cited.text);
  const reasoning = object(block.reasoningContent);
  addReasoning(reading, object(reasoning?.reasoningText)?.text ?? reasoning?.text);
  const tool = object(block.toolUse);
  if (!tool) return;
  const name = string(tool.name);
  if (name) addToolCall(reading, name);
  const input = object(tool.input);
  addArguments(reading, input ? JSON.stringify(input) : tool.input);
};

const stop = (reading: Reading, from: JsonObject): void => {
  const reason = string(from.stopReason);
  if (!reason) return;
  reading.finish.push(reason);
  reading.complete = true;
};

const metadata = (reading: Reading, from: JsonObject): void => {
  // A prompt router chooses the model.
  const routed = object(object(from.trace)?.promptRouter);
  reading.model = string(routed?.invokedModelId) ?? reading.model;
  readUsage(reading, object(from.usage), object(from.serviceTier)?.type);
};

const readUsage = (reading: Reading, usage: JsonObject | null, serviceTier: Json | undefined): void => {
  if (!usage) return;
  const read = (value: Json | undefined) => count(reading, value);
  const written = (ttl: string) =>
    objects(usage.cacheDetails)
      .filter((detail) => detail.ttl === ttl)
      .reduce<number | null>((all, detail) => sum(all, read(detail.inputTokens)), null);
  const input = read(usage.inputTokens);
  const output = read(usage.outputTokens);
  if (input === null && output === null) return;
  const cacheRead = read(usage.cacheReadInputTokens) ?? read(usage.cacheReadInputTokenCount);
  const cacheWrite5m = written('5m');
  const cacheWrite1h = written('1h');
  const cacheWrite =
    read(usage.cacheWriteInputTokens) ?? read(usage.cacheWriteInputTokenCount) ?? sum(cacheWrite5m, cacheWrite1h);
  const total = read(usage.totalTokens);
  const cache = sum(cacheRead, cacheWrite);
  // OpenAI's models count the cache inside the input here too: the total tells.
  const cacheIsInside = total !== null && total === sum(input, output) && (cache ?? 0) <= (input ?? 0);
  reading.usage = {
    ...noUsage,
    input: cacheIsInside ? input : sum(input, cache),
    output,
    cacheRead,
    cacheWrite,
    cacheWrite5m,
    cacheWrite1h,
    totalReported: total,
    serviceTier: string(serviceTier),
  };
  reading.reported = usage;
};
