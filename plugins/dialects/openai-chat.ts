/** OpenAI Chat Completions, and everybody who speaks it. `prompt_tokens` includes the cache, `completion_tokens` the reasoning. */
import type { Json, JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, addUnkept, type Dialect, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiStreamUsage } from './openai-stream-usage.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'reasoning_effort',
  'service_tier',
  'verbosity',
  'parallel_tool_calls',
] as const;

export const openaiChat: Dialect = {
  name: 'openai-chat',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  // Portkey runs a stored prompt, Mistral an agent, each under a path of its own in the same format.
  handles: (path) => /\/(?:chat|agents|prompts\/[^/]+)\/completions$/.test(path),

  ask: (body) => {
    const messages = objects(body.messages);
    const of = byRole(messages);
    // Before there were tools there were `functions`, with results in messages of that role.
    const functions = [
      ...objects(body.tools).map(
        (tool) => string((object(tool.function) ?? object(tool.custom))?.name) ?? string(tool.type),
      ),
      ...objects(body.functions).map((each) => string(each.name)),
    ];
    const results = of('tool') + of('function');
    return {
      model: string(body.model),
      stream: body.stream === true,
      // xAI: the answer is a promise (see xai-deferred).
      deferred: body.deferred === true,
      maxOutput: plainCount(body.max_completion_tokens) ?? plainCount(body.max_tokens),
      params: paramsOf(body, params),
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: results },
      tools: {
        offered: functions.filter((name) => name !== null),
        choice: choiceOf(body.tool_choice ?? body.function_call),
        resultCount: results,
      },
      user: string(body.safety_identifier) ?? string(body.user),
      prompt: body.messages ?? null,
    };
  },

  // The newer name is OpenAI's own; its reasoning models know no other.
  capOutput: (_body, tokens, kind) => ({
    key: kind === 'openai' || kind === 'azure-openai' ? 'max_completion_tokens' : 'max_tokens',
    value: tokens,
  }),

  streamUsage: openaiStreamUsage,

  whole: (reading, answer) => {
    head(reading, answer);
    reading.pending = answer.choices === undefined && string(answer.request_id) !== null && reading.error === null;
    for (const choice of objects(answer.choices)) {
      part(reading, object(choice.message) ?? {}, isFirst(choice));
      finish(reading, choice);
    }
  },

  event: (reading, _name, chunk) => {
    head(reading, chunk);
    for (const choice of objects(chunk.choices)) {
      part(reading, object(choice.delta) ?? {}, isFirst(choice));
      finish(reading, choice);
    }
  },

  // Servers that leave `object` out have the rest: watsonx, Snowflake.
  recognises: ({ object: kind, choices, usage }) =>
    Array.isArray(choices) &&
    (string(kind)?.startsWith('chat.completion') === true ||
      objects(choices).some(({ delta }) => object(delta)) ||
      (objects(choices).some(({ message }) => object(message)) && object(usage)?.prompt_tokens !== undefined)),

  refusal: openaiRefusal,
};

const head = (reading: Reading, answer: JsonObject): void => {
  reading.model = string(answer.model) ?? string(answer.model_id) ?? reading.model;
  reading.responseId ??= string(answer.id);
  // Moonshot puts the usage of a stream into its last choice.
  for (const choice of objects(answer.choices)) readOpenaiUsage(reading, choice.usage, answer.service_tier);
  readOpenaiUsage(reading, object(answer.x_groq)?.usage, answer.service_tier);
  readOpenaiUsage(reading, answer.usage, answer.service_tier);
  // Groq and others put an error into the stream as an object of its own.
  readOpenaiError(reading, answer);
  reading.error = errorOf(object(answer.x_groq)?.error) ?? reading.error;
};

/** A word (`auto`), or the name of a tool. */
const choiceOf = (choice: Json | undefined): string | null => {
  const tool = object(choice);
  return string(choice) ?? string(tool?.name) ?? string((object(tool?.function) ?? object(tool?.custom))?.name);
};

/** Of several choices the first is shown; the others are counted. */
const isFirst = (choice: JsonObject): boolean => (choice.index ?? 0) === 0;

const part = (reading: Reading, message: JsonObject, shown: boolean): void => {
  const say = shown ? addText : addUnkept;
  const think = shown ? addReasoning : addUnkept;
  say(reading, message.content);
  for (const piece of objects(message.content)) {
    say(reading, piece.text);
    // Mistral's reasoning is a piece of the content, with pieces of its own.
    for (const thought of objects(piece.thinking)) think(reading, thought.text);
  }
  think(reading, message.reasoning_content ?? message.reasoning);
  say(reading, message.refusal);
  say(reading, object(message.audio)?.transcript);
  for (const call of [...objects(message.tool_calls), ...objects([message.function_call ?? null])]) {
    const named = object(call.function) ?? object(call.custom) ?? call;
    const name = string(named.name);
    const key = typeof call.index === 'number' ? call.index : string(call.id);
    if (name && shown) addToolCall(reading, name, key);
    else if (name) reading.toolCalls.push(name);
    const given = named.arguments ?? named.input;
    if (shown) addArguments(reading, given, key);
    else addUnkept(reading, given);
  }
};

const finish = (reading: Reading, choice: JsonObject): void => {
  const reason = string(choice.finish_reason);
  if (reason) {
    reading.finish.push(reason);
    reading.complete = true;
  }
  // OpenRouter reports a failure of its upstream inside the choice.
  reading.error = errorOf(choice.error) ?? reading.error;
};
