/**
 * Cloudflare Workers AI, its own API: the model is in the path, the answer under `result`; of language models it has
 * OpenAI's usage, which a stream has in its last event (developers.cloudflare.com/workers-ai/get-started/rest-api).
 */
import type { JsonObject } from '../wire.ts';
import { addArguments, addText, addToolCall, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'top_p', 'top_k', 'max_tokens', 'seed', 'raw'] as const;

export const cloudflareRun: Dialect = {
  name: 'cloudflare-run',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  // It may be anything: nothing can be estimated of it.
  makes: 'media',
  handles: (path) => /\/ai\/run\/@[^/]+\/[^/]+\/[^/]+$/.test(path),

  ask: (body, path) => {
    const messages = objects(body.messages);
    const of = byRole(messages);
    const bare = string(body.prompt) === null ? 0 : 1;
    return plainAsk(/\/ai\/run\/(.+)$/i.exec(path)?.[1] ?? null, {
      stream: body.stream === true,
      maxOutput: plainCount(body.max_tokens),
      params: paramsOf(body, params),
      messages: {
        count: messages.length + bare,
        user: of('user') + bare,
        assistant: of('assistant'),
        tool: of('tool'),
      },
      prompt: body.messages ?? body.prompt ?? body.text ?? null,
    });
  },

  whole: (reading, answer) => {
    const [error] = objects(answer.errors);
    reading.error = errorOf(error) ?? reading.error;
    const result = object(answer.result);
    if (result) read(reading, result);
  },

  event: (reading, _name, event) => {
    const [error] = objects(event.errors);
    reading.error = errorOf(error) ?? reading.error;
    read(reading, event);
  },

  recognises: (answer) => typeof object(answer.result)?.response === 'string' && typeof answer.success === 'boolean',

  refusal: ({ status, message }) => ({
    success: false,
    errors: [{ code: status, message }],
    messages: [],
    result: null,
  }),
};

const read = (reading: Reading, result: JsonObject): void => {
  addText(reading, result.response);
  for (const call of objects(result.tool_calls)) {
    const name = string(call.name);
    if (name) addToolCall(reading, name);
    if (object(call.arguments)) addArguments(reading, JSON.stringify(call.arguments));
  }
  readOpenaiUsage(reading, result.usage);
};
