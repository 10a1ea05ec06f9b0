/** OpenAI Responses: usage stands in the terminal event, whichever of the four it is; earlier events say null. */
import type { Pass, Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures, readOpenaiUsage } from './openai-usage.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

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
  // `compact` makes a summary of a conversation, by the same model at the same price.
  handles: (path) => path.endsWith('/responses') || path.endsWith('/responses/compact'),
  fetches: (path) => /\/responses\/[^/]+$/.test(path),

  ask: (body) => {
    const items = objects(body.input);
    const of = byRole(items);
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
        choice:
          string(body.tool_choice) ?? string(object(body.tool_choice)?.name) ?? string(object(body.tool_choice)?.type),
        resultCount: results,
      },
      user: string(body.safety_identifier) ?? string(body.user),
      prompt: promptOf(body),
    };
  },

  capOutput: (_body, tokens) => ({ key: 'max_output_tokens', value: tokens }),

  whole: (reading, answer) => readResponse(reading, answer, true),

  event: (reading, name, event) => {
    const type = string(event.type) ?? name ?? '';
    const response = object(event.response);
    if (response) readResponse(reading, response, terminal.has(type) || object(response.usage) !== null);
    else if (type.endsWith('.delta')) readDelta(reading, type, event);
    else if (type === 'response.output_item.added') readCall(reading, object(event.item), place(event));
    // The error is the event itself at OpenAI, an object inside it elsewhere.
    else if (type === 'error') reading.error = errorOf(event.error) ?? errorOf({ ...event, type: null });
  },

  recognises: (answer, event) =>
    answer.object === 'response' || (event?.startsWith('response.') === true && object(answer.response) !== null),

  refusal: openaiRefusal,
};

/** Which item of the output an event is about. */
const place = (event: JsonObject): number | null => plainCount(event.output_index);

const readDelta = (reading: Reading, type: string, event: JsonObject): void => {
  if (isSound(type)) return;
  if (type.startsWith('response.reasoning')) addReasoning(reading, event.delta);
  // What a function, a custom tool, an MCP server and the code interpreter are given.
  else if (/_(?:arguments|input|code)\.delta$/.test(type)) addArguments(reading, event.delta, place(event));
  else addText(reading, event.delta);
};

/** Base64, not text. */
const isSound = (type: string): boolean => type.endsWith('audio.delta');

/** A response object, whole or inside an event. Its output items are read only where no deltas came before. */
const readResponse = (reading: Reading, response: JsonObject, last: boolean): void => {
  reading.model = string(response.model) ?? reading.model;
  reading.responseId ??= string(response.id);
  readOpenaiError(reading, response);
  if (!last) return;
  readOpenaiUsage(reading, response.usage, response.service_tier);
  const status = string(response.status);
  reading.pending = status === 'in_progress' || status === 'queued';
  reading.complete = !reading.pending;
  // A stored answer that was not made in the background was paid when it was made.
  reading.deferred = response.background === true;
  const reason = string(object(response.incomplete_details)?.reason);
  if (reason) reading.finish.push(reason);
  if (reading.usage) {
    reading.usage.webSearches = webSearches(response.output) ?? reading.usage.webSearches;
    reading.usage.passes = passesOf(reading, reading.usage, response);
  }
  if (reading.outputChars > 0 || reading.toolCalls.length > 0) return;
  for (const item of objects(response.output)) {
    readCall(reading, item, null);
    const say = item.type === 'reasoning' ? addReasoning : addText;
    for (const piece of [...objects(item.content), ...objects(item.summary)]) say(reading, piece.text ?? piece.refusal);
    // What a function, a custom tool and the code interpreter are given.
    addArguments(reading, item.arguments ?? item.input ?? item.code);
  }
};

/** The provider's own tools have no name but their type: `web_search_call`, `file_search_call`, `code_interpreter_call`. */
const readCall = (reading: Reading, item: JsonObject | null, key: number | null): void => {
  const type = string(item?.type);
  if (!type?.endsWith('_call')) return;
  const name = string(item?.name) ?? type.slice(0, -'_call'.length);
  addToolCall(reading, name, key);
};

/** Only searches are billed; opening a page or finding in it is a step of one. */
const webSearches = (output: Json | undefined): number | null => {
  const calls = objects(output).filter((item) => item.type === 'web_search_call');
  const searches = calls.filter((item) => (string(object(item.action)?.type) ?? 'search') === 'search');
  return calls.length === 0 ? null : searches.length;
};

/** Pictures that the image tool made are left out of `usage`, and billed at the price of the model that made them. */
const passesOf = (reading: Reading, own: Usage, response: JsonObject): Pass[] | null => {
  const made = object(object(response.tool_usage)?.image_gen);
  const usage = made && openaiFigures(reading, made);
  if (!usage?.output) return null;
  const tool = objects(response.tools).find(({ type }) => type === 'image_generation');
  const picture = { ...usage, outputImage: usage.outputImage ?? usage.output };
  return [
    { model: null, usage: { ...own } },
    // Without its model there is no price, and no other model's will do.
    { model: string(tool?.model) ?? 'unknown', usage: picture },
  ];
};

/** Instructions are what other APIs take as a system message. */
const promptOf = ({ input = null, instructions }: JsonObject): Json =>
  string(instructions) === null
    ? input
    : [{ role: 'system', content: instructions }, ...(Array.isArray(input) ? input : [input])];

const effort = (body: JsonObject): Record<string, string> => {
  const level = string(object(body.reasoning)?.effort);
  return level ? { reasoning_effort: level.slice(0, 64) } : {};
};
