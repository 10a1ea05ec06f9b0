/**
 * Replicate predictions: mostly made in the background and fetched; `metrics` has seconds of computing and, of language
 * models, token counts. With `Prefer: wait` the answer may come at once.
 */
import { noUsage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { array, count, object, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'top_p', 'top_k', 'max_tokens', 'max_new_tokens', 'seed'] as const;

export const replicatePredictions: Dialect = {
  name: 'replicate-predictions',
  consumedUsing: 'prediction',
  operation: 'generate_content',
  // It may be anything: nothing can be estimated of it.
  makes: 'media',
  handles: (path) => path.endsWith('/predictions'),
  fetches: (path) => /\/predictions\/[^/]+$/.test(path),

  ask: (body, path) => {
    const input = object(body.input) ?? {};
    return plainAsk(modelOf(path) ?? string(body.version), {
      stream: false,
      deferred: true,
      maxOutput: plainCount(input.max_tokens) ?? plainCount(input.max_new_tokens),
      params: paramsOf(input, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: input.prompt ?? null,
    });
  },

  whole: (reading, prediction) => {
    const status = string(prediction.status);
    // A problem document (RFC 9457) has a number here.
    if (status === null) readProblem(reading, prediction);
    reading.model = string(prediction.model) ?? reading.model;
    reading.responseId ??= string(prediction.id);
    reading.pending = status === 'starting' || status === 'processing';
    // One that was waited for, and is fetched again, looks the same as one that was made in the background.
    reading.deferred = !reading.pending;
    if (status === 'failed') reading.error = { type: 'failed', code: null, message: string(prediction.error) };
    if (status !== null && !reading.pending) reading.finish.push(status);
    readOutput(reading, prediction.output);
    readMetrics(reading, object(prediction.metrics));
  },

  event: (reading, _name, event) => replicatePredictions.whole(reading, event),

  recognises: (answer) =>
    object(answer.urls)?.get !== undefined && string(answer.version) !== null && string(answer.status) !== null,

  refusal: ({ status, message }) => ({ title: titleOf(status), detail: message, status }),
};

/** `…/models/OWNER/NAME/predictions`, `…/deployments/OWNER/NAME/predictions`. */
const modelOf = (path: string): string | null =>
  /\/(?:models|deployments)\/([^/]+\/[^/]+)\/predictions$/i.exec(path)?.[1] ?? null;

/** Text comes whole or in pieces; files as addresses, or as `data:` URLs. */
const readOutput = (reading: Reading, output: Json | undefined): void => {
  for (const piece of typeof output === 'string' ? [output] : array(output))
    if (typeof piece === 'string' && !/^(https?|data):/i.test(piece)) addText(reading, piece);
};

const readMetrics = (reading: Reading, metrics: JsonObject | null): void => {
  if (!metrics) return;
  reading.reported = metrics;
  const input = count(reading, metrics.input_token_count);
  const output = count(reading, metrics.output_token_count);
  if (input !== null || output !== null) reading.usage = { ...noUsage, input, output };
};

const readProblem = (reading: Reading, { title, detail }: JsonObject): void => {
  if (title === undefined && detail === undefined) return;
  reading.error = { type: string(title), code: null, message: string(detail) };
};

const titleOf = (status: number): string =>
  ({ 401: 'Unauthenticated', 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests' })[status] ??
  (status < 500 ? 'Bad Request' : 'Internal Server Error');
