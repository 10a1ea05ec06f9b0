/** OpenAI Chat Completions, and everybody who speaks it. `prompt_tokens` includes the cache, `completion_tokens` the reasoning. */
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, type Reading } from './dialect.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { errorOf, isNull, lengthOf, object, objects, paramsOf, plainCount, string } from './read.ts';

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
  // Portkey runs a stored prompt under a path of its own, in the same format.
  handles: (path) => path.endsWith('/chat/completions') || /\/prompts\/[^/]+\/completions$/.test(path),

  ask: (body) => {
    const messages = objects(body.messages);
    const of = (role: string) => messages.filter((message) => message.role === role).length;
    const functions = objects(body.tools).map((tool) => string(object(tool.function)?.name) ?? string(tool.type));
    return {
      model: string(body.model),
      stream: body.stream === true,
      deferred: false,
      maxOutput: plainCount(body.max_completion_tokens) ?? plainCount(body.max_tokens),
      params: paramsOf(body, params),
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: of('tool') },
      tools: {
        offered: functions.filter((name) => name !== null),
        choice: string(body.tool_choice) ?? string(object(object(body.tool_choice)?.function)?.name),
        resultCount: of('tool'),
      },
      user: string(body.safety_identifier) ?? string(body.user),
      prompt: body.messages ?? null,
    };
  },

  streamUsage: {
    want: (body) => {
      if (body.stream !== true) return null;
      const options = object(body.stream_options) ?? {};
      return options.include_usage === true
        ? null
        : { key: 'stream_options', value: { ...options, include_usage: true } };
    },
    // Azure's first chunk has `choices: []` as well, but no usage.
    isUsageFrame: (event) => Array.isArray(event.choices) && event.choices.length === 0 && object(event.usage) !== null,
    rejects: (error) => error.includes('stream_options') || error.includes('include_usage'),
  },

  whole: (reading, answer) => {
    head(reading, answer);
    for (const choice of objects(answer.choices)) {
      part(reading, object(choice.message) ?? {});
      finish(reading, choice);
    }
  },

  event: (reading, _name, chunk) => {
    head(reading, chunk);
    for (const choice of objects(chunk.choices)) {
      part(reading, object(choice.delta) ?? {});
      finish(reading, choice);
    }
  },

  // A chunk of plain text has one choice, whose finish reason is null, and says nothing of usage, or null.
  onlyText: (_name, text) => {
    const finish = text.indexOf('"finish_reason":');
    if (finish < 0 || !isNull(text, finish + 16) || text.includes('"finish_reason":', finish + 16)) return -1;
    const usage = text.indexOf('"usage":');
    if ((usage >= 0 && !isNull(text, usage + 8)) || text.includes('"error"')) return -1;
    const content = lengthOf(text, 'content');
    if (content > 0) return content;
    if (!text.includes('"tool_calls"')) return lengthOf(text, 'reasoning_content');
    return text.includes('"name"') ? -1 : lengthOf(text, 'arguments');
  },

  refusal: ({ code, message }) => ({
    error: { message, type: code === 'invalid_api_key' ? 'invalid_request_error' : code, param: null, code },
  }),
};

const head = (reading: Reading, answer: JsonObject): void => {
  reading.model = string(answer.model) ?? reading.model;
  reading.responseId ??= string(answer.id);
  readOpenaiUsage(reading, object(answer.x_groq)?.usage, answer.service_tier);
  readOpenaiUsage(reading, answer.usage, answer.service_tier);
  // Groq and others put an error into the stream as an object of its own.
  reading.error = errorOf(answer.error) ?? reading.error;
};

const part = (reading: Reading, message: JsonObject): void => {
  addText(reading, message.content);
  for (const piece of objects(message.content)) addText(reading, piece.text);
  addText(reading, message.reasoning_content ?? message.reasoning);
  addText(reading, message.refusal);
  for (const call of [...objects(message.tool_calls), ...objects([message.function_call ?? null])]) {
    const named = object(call.function) ?? call;
    const name = string(named.name);
    if (name) reading.toolCalls.push(name);
    addText(reading, named.arguments);
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
