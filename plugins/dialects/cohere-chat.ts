/**
 * Cohere Chat. v2: messages, SSE whose events name their `type`, usage in `message-end`. v1: one message and a history,
 * a JSON object a line (or SSE) whose `event_type` tells, usage in the answer that `stream-end` repeats whole.
 */
import type { Json, JsonObject } from '../wire.ts';
import { cohereError, readCohereUsage } from './cohere-usage.ts';
import {
  type Ask,
  addArguments,
  addReasoning,
  addText,
  addToolCall,
  type Dialect,
  plainAsk,
  type Reading,
  type ToolCall,
} from './dialect.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'p',
  'k',
  'max_tokens',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'safety_mode',
  'citation_quality',
  'prompt_truncation',
] as const;

export const cohereChat: Dialect = {
  name: 'cohere-chat',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  // Others have a `/v1/chat` of their own; behind a path of another vendor a v1 answer is known by its look.
  handles: (path, kind) => path.endsWith('/v2/chat') || (kind === 'cohere' && path.endsWith('/chat')),

  ask: (body) => ({
    ...(Array.isArray(body.messages) ? askV2(body) : askV1(body)),
    stream: body.stream === true,
    maxOutput: plainCount(body.max_tokens),
    params: paramsOf(body, params),
  }),

  whole: (reading, answer) => {
    reading.error = cohereError(answer) ?? reading.error;
    reading.responseId ??= string(answer.id) ?? string(answer.generation_id);
    reading.model = string(answer.model) ?? reading.model;
    finish(reading, answer.finish_reason);
    message(reading, object(answer.message) ?? answer);
    readCohereUsage(reading, answer.usage ?? answer.meta);
  },

  event: (reading, name, event) => {
    const type = string(event.type) ?? string(event.event_type) ?? name;
    const delta = object(event.delta) ?? {};
    switch (type) {
      case 'message-start':
        reading.responseId ??= string(event.id);
        return;
      case 'content-start':
      case 'content-delta':
      case 'tool-plan-delta':
      case 'tool-call-start':
      case 'tool-call-delta':
        return message(reading, object(delta.message) ?? {}, keyOf(event.index));
      case 'message-end':
        finish(reading, delta.finish_reason);
        reading.error = errorOf(delta.error) ?? reading.error;
        return readCohereUsage(reading, delta.usage);
      case 'stream-start':
        reading.responseId ??= string(event.generation_id);
        return;
      case 'text-generation':
        return addText(reading, event.text);
      case 'tool-calls-chunk':
        return chunkV1(reading, object(event.tool_call_delta) ?? {});
      case 'tool-calls-generation':
        // Repeats whole what came in pieces, if it came in pieces.
        if (reading.toolCalls.length === 0) message(reading, { tool_calls: event.tool_calls ?? null });
        return;
      case 'stream-end':
        finish(reading, event.finish_reason);
        return readCohereUsage(reading, object(event.response)?.meta);
    }
    reading.error = cohereError(event) ?? reading.error;
  },

  recognises: (answer, event) =>
    (object(object(answer.meta)?.billed_units)?.input_tokens !== undefined && !Array.isArray(answer.generations)) ||
    object(answer.usage)?.billed_units !== undefined ||
    answer.event_type === 'stream-start' ||
    (event === 'message-start' && object(answer.delta) !== null),

  refusal: ({ message: reason }) => ({ message: reason }),
};

const askV2 = (body: JsonObject): Ask => {
  const messages = objects(body.messages);
  const of = byRole(messages);
  return plainAsk(string(body.model), {
    messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: of('tool') },
    tools: {
      offered: names(objects(body.tools).map((tool) => object(tool.function)?.name)),
      choice: string(body.tool_choice),
      resultCount: of('tool'),
    },
    prompt: body.messages ?? null,
  });
};

const rolesV1: Record<string, string> = { SYSTEM: 'system', USER: 'user', CHATBOT: 'assistant', TOOL: 'tool' };

const askV1 = (body: JsonObject): Ask => {
  const said = (role: string, content: Json | undefined): JsonObject[] =>
    typeof content === 'string' && content !== '' ? [{ role, content }] : [];
  const prompt = [
    ...said('system', body.preamble),
    ...objects(body.chat_history).map(
      (turn): JsonObject => ({
        role: rolesV1[String(turn.role).toUpperCase()] ?? 'user',
        content: turn.message ?? turn.tool_results ?? null,
      }),
    ),
    ...said('user', body.message),
  ];
  const of = byRole(prompt);
  const results = objects(body.tool_results).length;
  return plainAsk(string(body.model), {
    messages: { count: prompt.length, user: of('user'), assistant: of('assistant'), tool: of('tool') },
    tools: {
      offered: names(objects(body.tools).map((tool) => tool.name)),
      choice: string(body.force_single_step) ?? null,
      resultCount: results,
    },
    prompt,
  });
};

const names = (values: readonly (Json | undefined)[]): string[] => values.map(string).filter((name) => name !== null);

/** A message of either version, or a piece of one: v2 streams send an object where the whole answer has a list. */
const message = (reading: Reading, part: JsonObject, key: ToolCall['key'] = null): void => {
  addText(reading, part.text);
  addReasoning(reading, part.tool_plan);
  for (const piece of listed(part.content)) {
    addText(reading, piece.text);
    addReasoning(reading, piece.thinking);
  }
  for (const call of listed(part.tool_calls)) {
    const named = object(call.function) ?? call;
    const name = string(named.name);
    if (name) addToolCall(reading, name, key);
    addArguments(reading, object(named.parameters) ? JSON.stringify(named.parameters) : named.arguments, key);
  }
};

const listed = (value: Json | undefined): JsonObject[] => objects(Array.isArray(value) ? value : [value ?? null]);

const chunkV1 = (reading: Reading, delta: JsonObject): void => {
  const key = keyOf(delta.index);
  const name = string(delta.name);
  if (name) addToolCall(reading, name, key);
  addArguments(reading, delta.parameters, key);
  addReasoning(reading, delta.text);
};

const keyOf = (index: Json | undefined): ToolCall['key'] => (typeof index === 'number' ? index : null);

const finish = (reading: Reading, value: Json | undefined): void => {
  const reason = string(value);
  if (!reason) return;
  reading.finish.push(reason);
  reading.complete = true;
};
