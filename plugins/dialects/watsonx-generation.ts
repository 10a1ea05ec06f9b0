/**
 * IBM watsonx text generation: `results` with the counts beside the text; in a stream the counts of the input come first,
 * those of the output are of all so far (ibm.github.io/watsonx-ai-node-sdk, TextGenResult). Its chat is OpenAI's format.
 */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { count, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'decoding_method',
  'temperature',
  'top_p',
  'top_k',
  'max_new_tokens',
  'min_new_tokens',
  'random_seed',
  'repetition_penalty',
] as const;

export const watsonxGeneration: Dialect = {
  name: 'watsonx-generation',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) => /\/text\/generation(?:_stream)?$/.test(path),

  ask: (body, path) => {
    const given = object(body.parameters) ?? {};
    return plainAsk(string(body.model_id), {
      stream: path.toLowerCase().endsWith('_stream'),
      maxOutput: plainCount(given.max_new_tokens),
      params: paramsOf(given, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: body.input ?? null,
    });
  },

  whole: (reading, answer) => {
    const [error] = objects(answer.errors);
    reading.error = errorOf(error) ?? reading.error;
    reading.model = string(answer.model_id) ?? reading.model;
    for (const result of objects(answer.results)) readResult(reading, result);
  },

  event: (reading, _name, event) => watsonxGeneration.whole(reading, event),

  recognises: (answer) => objects(answer.results).some((result) => result.generated_token_count !== undefined),

  refusal: ({ status, code, message }) => ({ errors: [{ code, message }], status_code: status }),
};

const readResult = (reading: Reading, result: JsonObject): void => {
  addText(reading, result.generated_text);
  const reason = string(result.stop_reason);
  if (reason && reason !== 'not_finished') {
    reading.finish.push(reason);
    reading.complete = true;
  }
  // In a stream 0 stands where nothing new is said.
  const input = count(reading, result.input_token_count) || (reading.usage?.input ?? null);
  const output = count(reading, result.generated_token_count) ?? reading.usage?.output ?? null;
  if (input === null && output === null) return;
  reading.usage = { ...noUsage, input, output };
  reading.reported = { input_token_count: input, generated_token_count: output };
};
