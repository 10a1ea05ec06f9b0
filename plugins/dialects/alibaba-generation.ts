/**
 * Alibaba's own API (DashScope) for text and multimodal generation: a chat completion under `output`, or its `text`
 * alone; every event of a stream has the usage so far, and, unless asked otherwise, the whole text so far
 * (help.aliyun.com/en/model-studio/qwen-api-via-dashscope).
 */
import type { Json, JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'seed',
  'n',
  'enable_thinking',
  'enable_search',
  'result_format',
  'incremental_output',
] as const;

export const alibabaGeneration: Dialect = {
  name: 'alibaba-generation',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  handles: (path) => /\/services\/aigc\/(?:text|multimodal)-generation\/generation$/.test(path),

  ask: (body) => {
    const input = object(body.input) ?? {};
    const given = object(body.parameters) ?? {};
    const messages = objects(input.messages);
    const of = byRole(messages);
    const bare = string(input.prompt) === null ? 0 : 1;
    return plainAsk(string(body.model), {
      maxOutput: plainCount(given.max_tokens),
      params: paramsOf(given, params),
      messages: {
        count: messages.length + bare,
        user: of('user') + bare,
        assistant: of('assistant'),
        tool: of('tool'),
      },
      tools: {
        offered: objects(given.tools)
          .map((tool) => string(object(tool.function)?.name))
          .filter((name) => name !== null),
        choice: string(given.tool_choice) ?? string(object(object(given.tool_choice)?.function)?.name),
        resultCount: of('tool'),
      },
      prompt: input.messages ?? input.prompt ?? null,
    });
  },

  whole: (reading, answer) => {
    if (answer.code) reading.error = errorOf(answer) ?? reading.error;
    reading.responseId ??= string(answer.request_id);
    readOpenaiUsage(reading, answer.usage);
    const output = object(answer.output);
    if (!output) return;
    addText(reading, unsaid(reading, output.text, reading.text?.content));
    finish(reading, output.finish_reason);
    for (const { message, finish_reason: reason } of objects(output.choices)) {
      readMessage(reading, object(message) ?? {});
      finish(reading, reason);
    }
  },

  event: (reading, _name, event) => alibabaGeneration.whole(reading, event),

  recognises: (answer) =>
    object(answer.output) !== null &&
    string(answer.request_id) !== null &&
    object(answer.usage)?.output_tokens !== undefined,

  refusal: ({ code, message }) => ({ code, message, request_id: '' }),
};

/** What a text adds to what was kept, where it begins with that: then it is the whole text so far. */
const unsaid = (reading: Reading, text: Json | undefined, kept: readonly string[] | undefined): Json | undefined => {
  if (typeof text !== 'string' || reading.outputChars === 0) return text;
  const before = kept?.join('') ?? '';
  return before !== '' && text.startsWith(before) ? text.slice(before.length) : text;
};

const readMessage = (reading: Reading, message: JsonObject): void => {
  const pieces =
    typeof message.content === 'string' ? [message.content] : objects(message.content).map(({ text }) => text);
  addReasoning(reading, unsaid(reading, message.reasoning_content, reading.text?.reasoning));
  for (const piece of pieces) addText(reading, unsaid(reading, piece, reading.text?.content));
  for (const call of objects(message.tool_calls)) {
    const named = object(call.function) ?? {};
    const key = plainCount(call.index);
    const name = string(named.name);
    if (name && !reading.toolCalls.includes(name)) addToolCall(reading, name, key);
    addArguments(reading, named.arguments, key);
  }
};

/** A stream says the word `null` until its end. */
const finish = (reading: Reading, reason: Json | undefined): void => {
  const word = string(reason);
  if (word === null || word === 'null') return;
  reading.finish.push(word);
  reading.complete = true;
};
