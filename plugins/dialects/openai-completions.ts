/** OpenAI Completions (legacy) and Mistral's fill-in-the-middle: text in `choices[].text`, usage as in Chat Completions. */
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, inputs, plainAsk, type Reading } from './dialect.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiStreamUsage } from './openai-stream-usage.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { array, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'max_tokens',
  'n',
  'best_of',
  'seed',
  'echo',
  'logprobs',
  'presence_penalty',
  'frequency_penalty',
] as const;

export const openaiCompletions: Dialect = {
  name: 'openai-completions',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) => path.endsWith('/completions') && !openaiChat.handles(path, ''),

  ask: (body) =>
    plainAsk(string(body.model), {
      stream: body.stream === true,
      maxOutput: plainCount(body.max_tokens),
      params: paramsOf(body, params),
      messages: inputs(Math.max(1, array(body.prompt).length)),
      user: string(body.user),
      prompt: body.prompt ?? null,
    }),

  streamUsage: openaiStreamUsage,

  whole: (reading, answer) => read(reading, answer),
  event: (reading, _name, chunk) => read(reading, chunk),

  recognises: (answer) => answer.object === 'text_completion' && Array.isArray(answer.choices),

  refusal: openaiRefusal,
};

const read = (reading: Reading, answer: JsonObject): void => {
  readOpenaiError(reading, answer);
  reading.model = string(answer.model) ?? reading.model;
  reading.responseId ??= string(answer.id);
  readOpenaiUsage(reading, answer.usage, answer.service_tier);
  for (const choice of objects(answer.choices)) {
    // Mistral answers a completion in the shape of a chat.
    addText(reading, choice.text ?? (object(choice.message) ?? object(choice.delta))?.content);
    const reason = string(choice.finish_reason);
    if (reason === null) continue;
    reading.finish.push(reason);
    reading.complete = true;
  }
};
