/** OpenAI Responses: usage stands in the terminal event, whichever of the four it is; earlier events say null. */
import type { Json, JsonObject } from '../wire.ts';
import { addText, type Dialect, type Reading } from './dialect.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { array, errorOf, lengthOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'max_output_tokens',
  'max_tool_calls',
  'background',
  'store',
  'truncation',
  'service_tier',
  'parallel_tool_calls',
] as const;

const terminal = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled']);

export const openaiResponses: Dialect = {
  name: 'openai-responses',
  consumedUsing: 'responses',
  operation: 'chat',
  makes: 'text',
  handles: (path) => path.endsWith('/responses'),

  ask: (body) => {
    const items = objects(body.input);
    const of = (role: string) => items.filter((item) => item.role === role).length;
    const results = items.filter((item) => string(item.type)?.endsWith('_call_output') ?? false).length;
    const bare = typeof body.input === 'string' ? 1 : 0;
    return {
      model: string(body.model),
      stream: body.stream === true,
      deferred: body.background === true,
      maxOutput: plainCount(body.max_output_tokens),
      params: { ...paramsOf(body, params), ...effort(body) },
      messages: { count: items.length + bare, user: of('user') + bare, assistant: of('assistant'), tool: results },
      tools: {
        offered: objects(body.tools)
          .map((tool) => string(tool.name) ?? string(tool.type))
          .filter((name) => name !== null),
        choice: string(body.tool_choice) ?? string(object(body.tool_choice)?.name),
        resultCount: results,
      },
      user: string(body.safety_identifier) ?? string(body.user),
      prompt: body.input ?? null,
    };
  },

  whole: (reading, answer) => readResponse(reading, answer, true),

  event: (reading, name, event) => {
    const type = string(event.type) ?? name ?? '';
    const response = object(event.response);
    if (response) readResponse(reading, response, terminal.has(type));
    else if (type.endsWith('.delta')) addText(reading, event.delta);
    else if (type === 'response.output_item.added') readCall(reading, object(event.item));
    // The error is the event itself at OpenAI, an object inside it elsewhere.
    else if (type === 'error') reading.error = errorOf(event.error) ?? errorOf({ ...event, type: null });
  },

  onlyText: (name, text) => (name?.endsWith('.delta') && !text.includes('"error"') ? lengthOf(text, 'delta') : -1),

  refusal: ({ code, message }) => ({
    error: { message, type: code === 'invalid_api_key' ? 'invalid_request_error' : code, param: null, code },
  }),
};

/** A response object, whole or inside an event. Its output items are read only where no deltas came before. */
const readResponse = (reading: Reading, response: JsonObject, last: boolean): void => {
  reading.model = string(response.model) ?? reading.model;
  reading.responseId ??= string(response.id);
  reading.error = errorOf(response.error) ?? reading.error;
  if (!last) return;
  readOpenaiUsage(reading, response.usage, response.service_tier);
  const status = string(response.status);
  reading.pending = status === 'in_progress' || status === 'queued';
  reading.complete = !reading.pending;
  const reason = string(object(response.incomplete_details)?.reason);
  if (reason) reading.finish.push(reason);
  if (reading.usage) reading.usage.webSearches = webSearches(response.output);
  if (reading.outputChars > 0 || reading.toolCalls.length > 0) return;
  for (const item of objects(response.output)) {
    readCall(reading, item);
    for (const piece of [...objects(item.content), ...objects(item.summary)])
      addText(reading, piece.text ?? piece.refusal);
    addText(reading, item.arguments);
  }
};

const readCall = (reading: Reading, item: JsonObject | null): void => {
  const name = string(item?.name);
  if (name && string(item?.type)?.endsWith('_call')) reading.toolCalls.push(name);
};

/** Only searches are billed; opening a page or finding in it is a step of one. */
const webSearches = (output: Json | undefined): number | null => {
  const calls = objects(output).filter((item) => item.type === 'web_search_call');
  const searches = calls.filter((item) => (string(object(item.action)?.type) ?? 'search') === 'search');
  return array(output).length === 0 || calls.length === 0 ? null : searches.length;
};

const effort = (body: JsonObject): Record<string, string> => {
  const level = string(object(body.reasoning)?.effort);
  return level ? { reasoning_effort: level.slice(0, 64) } : {};
};
