/** What Ollama's native answers have in common: figures beside the answer, on its last line only; errors as bare text. */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import type { Reading } from './dialect.ts';
import { count, errorOf, paramsOf, plainCount, string } from './read.ts';

const options = ['temperature', 'top_p', 'top_k', 'min_p', 'num_predict', 'num_ctx', 'seed', 'repeat_penalty'] as const;
const figures = ['prompt_eval_count', 'prompt_eval_cached_count', 'eval_count'] as const;

/** Parameters and output cap, which stand in `options` (a negative `num_predict` means none). */
export const ollamaParams = (body: JsonObject, given: JsonObject) => ({
  maxOutput: plainCount(given.num_predict),
  params: { ...paramsOf(given, options), ...paramsOf(body, ['think']) },
});

/** Streams unless told not to. */
export const ollamaStreams = (body: JsonObject): boolean => body.stream !== false;

/**
 * Reads everything of an answer or a line but its text. `prompt_eval_count` is absent where older versions found the
 * whole prompt in their cache: not told, which is not 0. Durations are not ours.
 */
export const readOllamaAnswer = (reading: Reading, answer: JsonObject): void => {
  reading.error = errorOf(answer.error) ?? reading.error;
  reading.model = string(answer.model) ?? reading.model;
  if (answer.done === false) return;
  const reason = string(answer.done_reason);
  if (reason) reading.finish.push(reason);
  if (answer.done === true) reading.complete = true;
  const read = (name: (typeof figures)[number]) => count(reading, answer[name]);
  const [input, output] = [read('prompt_eval_count'), read('eval_count')];
  if (input !== null || output !== null) {
    reading.usage = { ...noUsage, input, output, cacheRead: read('prompt_eval_cached_count') };
    reading.reported = {};
    for (const name of figures) if (answer[name] !== undefined) reading.reported[name] = answer[name];
  } else if (reason === 'load' || reason === 'unload') {
    // An empty prompt brings a model into memory, or out of it, and runs nothing.
    reading.usage = { ...noUsage, input: 0, output: 0 };
  }
};

/** Ollama's clients show `error` as it stands. */
export const ollamaRefusal = ({ message }: { message: string }): JsonObject => ({ error: message });
