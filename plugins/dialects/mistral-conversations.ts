/**
 * Mistral Conversations: of a model or an agent; its answer is a list of entries, a stream names its events. What built-in
 * tools brought in (`connector_tokens`) is on top of `prompt_tokens`, as the total says
 * (docs.mistral.ai/agents/connectors/websearch).
 */
import { agreeWithTotal } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import {
  type Ask,
  addArguments,
  addReasoning,
  addText,
  addToolCall,
  type Dialect,
  plainAsk,
  type Reading,
} from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures } from './openai-usage.ts';
import { byRole, count, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'max_tokens',
  'random_seed',
  'presence_penalty',
  'frequency_penalty',
  'reasoning_effort',
] as const;

export const mistralConversations: Dialect = {
  name: 'mistral-conversations',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  // OpenAI's path of the same name only stores.
  handles: (path, kind) => kind === 'mistral' && /\/conversations(?:\/[^/]+(?:\/restart)?)?$/.test(path),

  ask: (body) => askOf(body),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    for (const entry of objects(answer.outputs)) {
      const name = string(entry.name);
      if (name !== null) addToolCall(reading, name);
      readEntry(reading, entry);
    }
    readUsage(reading, answer.usage);
  },

  event: (reading, name, event) => {
    switch (string(event.type) ?? name) {
      case 'message.output.delta':
        return readEntry(reading, event);
      case 'function.call.delta':
      case 'tool.execution.started': {
        // Each piece of a call names it again: two calls in a row of one tool cannot be told from one.
        const called = string(event.name);
        if (called !== null && reading.toolCalls.at(-1) !== called) addToolCall(reading, called);
        return readEntry(reading, event);
      }
      case 'conversation.response.done':
        reading.complete = true;
        return readUsage(reading, event.usage);
      case 'conversation.response.error':
        reading.error = errorOf({ code: event.code ?? null, message: event.message ?? null });
        return;
      case 'conversation.response.started':
      case 'tool.execution.delta':
      case 'tool.execution.done':
      case 'agent.handoff.started':
      case 'agent.handoff.done':
        return;
    }
    readOpenaiError(reading, event);
  },

  recognises: (answer, event) =>
    answer.object === 'conversation.response' ||
    (string(answer.type) ?? event ?? '').startsWith('conversation.response.'),

  refusal: openaiRefusal,
};

const askOf = (body: JsonObject): Ask => {
  const settings = object(body.completion_args) ?? {};
  const inputs = objects(body.inputs);
  const of = byRole(inputs);
  const results = inputs.filter((entry) => entry.type === 'function.result').length;
  const alone = typeof body.inputs === 'string';
  const tools = objects(body.tools).map((tool) => string(object(tool.function)?.name) ?? string(tool.type));
  return plainAsk(string(body.model), {
    stream: body.stream === true,
    maxOutput: plainCount(settings.max_tokens),
    params: paramsOf(settings, params),
    messages: {
      count: alone ? 1 : inputs.length,
      user: alone ? 1 : of('user'),
      assistant: of('assistant'),
      tool: results,
    },
    tools: {
      offered: tools.filter((name) => name !== null),
      choice: string(settings.tool_choice),
      resultCount: results,
    },
    prompt: alone ? [{ role: 'user', content: body.inputs ?? null }] : (body.inputs ?? null),
  });
};

/** An entry of the answer, or the next piece of one. */
const readEntry = (reading: Reading, entry: JsonObject): void => {
  reading.model = string(entry.model) ?? reading.model;
  reading.responseId ??= string(entry.id);
  addArguments(reading, object(entry.arguments) ? JSON.stringify(entry.arguments) : entry.arguments);
  addText(reading, entry.content);
  for (const piece of piecesOf(entry.content)) {
    addText(reading, piece.text);
    addReasoning(reading, piece.thinking);
    for (const thought of objects(piece.thinking)) addReasoning(reading, thought.text);
  }
};

/** A whole answer has a list, a piece of a stream may have one. */
const piecesOf = (content: Json | undefined): JsonObject[] =>
  objects(Array.isArray(content) ? content : [content ?? null]);

const readUsage = (reading: Reading, raw: Json | undefined): void => {
  const usage = object(raw);
  if (!usage) return;
  const figures = openaiFigures(reading, usage);
  const { input, output, totalReported: total } = figures;
  if (input === null && output === null) return;
  const brought = count(reading, usage.connector_tokens) ?? 0;
  const isOnTop = total === null || total === (input ?? 0) + (output ?? 0) + brought;
  const connectors = object(usage.connectors);
  const searches =
    (count(reading, connectors?.web_search) ?? 0) + (count(reading, connectors?.web_search_premium) ?? 0);
  reading.usage = agreeWithTotal({
    ...figures,
    input: isOnTop && input !== null ? input + brought : input,
    webSearches: searches > 0 ? searches : null,
  });
  reading.reported = usage;
};
