/** Aleph Alpha `/complete`: the counts stand beside the completions, in a stream in its last event. */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { count, errorOf, objects, paramsOf, plainCount, string, text } from './read.ts';

const params = ['temperature', 'top_p', 'top_k', 'n', 'best_of', 'maximum_tokens'] as const;

export const alephAlphaComplete: Dialect = {
  name: 'aleph-alpha-complete',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  // Anthropic's legacy API and AI21's end alike.
  handles: (path, kind) => kind === 'aleph-alpha' && path.endsWith('/complete'),

  ask: (body) =>
    plainAsk(string(body.model), {
      stream: body.stream === true,
      maxOutput: plainCount(body.maximum_tokens),
      params: paramsOf(body, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: typeof body.prompt === 'string' ? body.prompt : promptText(body),
    }),

  whole: (reading, answer) => {
    readError(reading, answer);
    reading.model = string(answer.model_version) ?? reading.model;
    for (const completion of objects(answer.completions)) {
      addText(reading, completion.completion);
      finish(reading, completion);
    }
    readUsage(reading, answer);
  },

  event: (reading, _name, event) => {
    readError(reading, event);
    reading.model = string(event.model_version) ?? reading.model;
    if (event.type === 'stream_chunk') addText(reading, event.completion);
    if (event.type === 'stream_summary') finish(reading, event);
    readUsage(reading, event);
  },

  recognises: (answer) => answer.num_tokens_generated !== undefined && Array.isArray(answer.completions),

  refusal: ({ code, message }) => ({ error: message, code }),
};

/** A prompt is a list of `{type, data}`; only its text is of use, an image is base64. */
const promptText = (body: JsonObject): string =>
  objects(body.prompt)
    .filter((item) => item.type === 'text')
    .map((item) => string(item.data) ?? '')
    .join('\n');

const finish = (reading: Reading, from: JsonObject): void => {
  const reason = string(from.finish_reason);
  if (reason) reading.finish.push(reason);
};

const readUsage = (reading: Reading, answer: JsonObject): void => {
  const input = count(reading, answer.num_tokens_prompt_total);
  const output = count(reading, answer.num_tokens_generated);
  if (input === null && output === null) return;
  reading.usage = { ...noUsage, input, output };
  reading.reported = {
    num_tokens_prompt_total: answer.num_tokens_prompt_total,
    num_tokens_generated: answer.num_tokens_generated,
  };
  reading.complete = true;
};

/** `{error, code}`: the words and the kind. */
const readError = (reading: Reading, answer: JsonObject): void => {
  const error = errorOf(answer.error);
  if (error) reading.error = { ...error, code: error.code ?? text(answer.code) };
};
