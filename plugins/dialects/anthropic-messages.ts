/** Anthropic Messages: `input_tokens` leaves the cache out, and counters in a stream are snapshots, not increments. */

import { noUsage, type Pass, type Usage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, type Reading } from './dialect.ts';
import { googleModel } from './google-path.ts';
import { byRole, count, errorOf, object, objects, paramsOf, plainCount, string, sum } from './read.ts';

const params = ['temperature', 'top_p', 'top_k', 'max_tokens', 'service_tier', 'inference_geo'] as const;

export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  // Messages of a thread are OpenAI's, which only stores them. Vertex names the model, and whether to stream, in the path.
  handles: (path) =>
    (path.endsWith('/messages') && !/\/threads\/[^/]+\/messages$/.test(path)) ||
    (/\/publishers\/anthropic\/models\/[^/:]+:(?:stream)?rawpredict$/.test(path) && !path.includes('/count-tokens:')),

  ask: (body, path) => {
    const messages = objects(body.messages);
    const of = byRole(messages);
    const results = messages
      .flatMap((message) => objects(message.content))
      .filter((block) => block.type === 'tool_result').length;
    return {
      model: string(body.model) ?? googleModel(path),
      stream: body.stream === true,
      deferred: false,
      maxOutput: plainCount(body.max_tokens),
      params: { ...paramsOf(body, params), ...thinking(body) },
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: results },
      tools: {
        offered: objects(body.tools)
          .map((tool) => string(tool.name))
          .filter((name) => name !== null),
        choice: string(object(body.tool_choice)?.name) ?? string(object(body.tool_choice)?.type),
        resultCount: results,
      },
      user: string(object(body.metadata)?.user_id),
      prompt:
        body.system === undefined ? (body.messages ?? null) : [{ role: 'system', content: body.system }, ...messages],
    };
  },

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    message(reading, answer);
    for (const block of objects(answer.content)) readBlock(reading, block, null);
  },

  event: (reading, name, event) => {
    switch (string(event.type) ?? name) {
      case 'message_start':
        return message(reading, object(event.message) ?? {});
      case 'content_block_start':
        return readBlock(reading, object(event.content_block) ?? {}, plainCount(event.index));
      case 'content_block_delta': {
        const delta = object(event.delta) ?? {};
        addText(reading, delta.text);
        addReasoning(reading, delta.thinking);
        return addArguments(reading, delta.partial_json, plainCount(event.index));
      }
      case 'message_delta':
        stop(reading, object(event.delta) ?? {});
        return snapshot(reading, object(event.usage));
      case 'message_stop':
        reading.complete = true;
        return;
      case 'error':
        reading.error = errorOf(event.error) ?? reading.error;
    }
  },

  recognises: (answer) =>
    answer.type === 'message_start' || (answer.type === 'message' && object(answer.usage)?.input_tokens !== undefined),

  refusal: ({ status, message: reason }) => ({ type: 'error', error: { type: errorType(status), message: reason } }),
};

const message = (reading: Reading, answer: JsonObject): void => {
  reading.model = string(answer.model) ?? reading.model;
  reading.responseId ??= string(answer.id);
  stop(reading, answer);
  snapshot(reading, object(answer.usage));
};

const stop = (reading: Reading, from: JsonObject): void => {
  const reason = string(from.stop_reason);
  if (reason) {
    reading.finish.push(reason);
    reading.complete = true;
  }
};

const readBlock = (reading: Reading, block: JsonObject, key: number | null): void => {
  addText(reading, block.text);
  addReasoning(reading, block.thinking);
  const name = string(block.name);
  if (!name || (block.type !== 'tool_use' && block.type !== 'server_tool_use' && block.type !== 'mcp_tool_use')) return;
  addToolCall(reading, name, key);
  const input = object(block.input);
  if (input && Object.keys(input).length > 0) addArguments(reading, JSON.stringify(input), key);
};

/** A later snapshot replaces an earlier one field by field; what it leaves out or says null to stays. */
const snapshot = (reading: Reading, usage: JsonObject | null): void => {
  if (!usage) return;
  const merged: JsonObject = { ...reading.reported };
  for (const [key, value] of Object.entries(usage)) if (value !== null) merged[key] = value;
  reading.reported = merged;
  const whole = figures(reading, merged);
  const iterations = objects(merged.iterations);
  const passes = iterations.map((pass): Pass => ({ model: string(pass.model), usage: figures(reading, pass) }));
  // The top level leaves out compaction and advisor passes, which are billed all the same.
  const only = iterations.every((pass) => pass.type === 'message') && passes.length === 1;
  reading.usage = passes.length > 0 && !only ? { ...whole, ...total(passes), passes } : whole;
};

const figures = (reading: Reading, usage: JsonObject): Usage => {
  const read = (value: JsonObject[string]) => count(reading, value);
  const uncached = read(usage.input_tokens);
  const cacheRead = read(usage.cache_read_input_tokens);
  const byTtl = object(usage.cache_creation);
  const hour = read(byTtl?.ephemeral_1h_input_tokens);
  const minutes = read(byTtl?.ephemeral_5m_input_tokens);
  const cacheWrite = read(usage.cache_creation_input_tokens) ?? sum(hour, minutes);
  // The breakdown may be that of an earlier event: the sum wins, and what is not known to be 1 h is 5 min.
  const stale = cacheWrite !== null && (sum(hour, minutes) || cacheWrite) !== cacheWrite;
  const cacheWrite1h = stale && hour !== null ? Math.min(hour, cacheWrite) : hour;
  const cacheWrite5m = stale ? cacheWrite - (cacheWrite1h ?? 0) : minutes;
  return {
    ...noUsage,
    input: sum(uncached, sum(cacheRead, cacheWrite)),
    output: read(usage.output_tokens),
    cacheRead,
    cacheWrite,
    cacheWrite1h,
    cacheWrite5m,
    reasoning: read(object(usage.output_tokens_details)?.thinking_tokens),
    webSearches: read(object(usage.server_tool_use)?.web_search_requests),
    serviceTier: string(usage.service_tier),
  };
};

const total = (passes: readonly Pass[]): Partial<Usage> => {
  const over = (figure: 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'cacheWrite5m' | 'cacheWrite1h') =>
    passes.reduce<number | null>((all, { usage }) => sum(all, usage[figure]), null);
  return {
    input: over('input'),
    output: over('output'),
    cacheRead: over('cacheRead'),
    cacheWrite: over('cacheWrite'),
    cacheWrite5m: over('cacheWrite5m'),
    cacheWrite1h: over('cacheWrite1h'),
  };
};

const thinking = (body: JsonObject): Record<string, string> => {
  const kind = string(object(body.thinking)?.type);
  return kind ? { thinking: kind.slice(0, 64) } : {};
};

/** Error types of the Anthropic API by status (its documentation, "Errors"). */
const errorType = (status: number): string =>
  ({
    400: 'invalid_request_error',
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    504: 'timeout_error',
  })[status] ?? 'api_error';
