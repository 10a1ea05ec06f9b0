/**
 * Hugging Face text-generation-inference: `/generate`, `/generate_stream`, and `/`, which does either. Figures are in
 * `details` when the request wants them, else in headers; a whole answer may be a list of one.
 */
import { noUsage, type Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { array, count, errorOf, object, objects, paramsOf, plainCount, string, sum } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'top_k',
  'max_new_tokens',
  'repetition_penalty',
  'frequency_penalty',
  'seed',
  'best_of',
  'do_sample',
  'details',
] as const;

/** Servers of their own run no other API at their root. */
const rootKinds = new Set(['huggingface', 'tgi']);

export const tgiGenerate: Dialect = {
  name: 'tgi-generate',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path, kind) =>
    path.endsWith('/generate_stream') ||
    (rootKinds.has(kind) &&
      (path === '' || path === '/' || path.endsWith('/generate') || /\/models\/[^:]+$/.test(path))),

  ask: (body, path) => {
    const given = object(body.parameters) ?? {};
    return plainAsk(string(body.model) ?? /\/models\/(.+)$/.exec(path)?.[1] ?? null, {
      stream: body.stream === true || path.toLowerCase().endsWith('/generate_stream'),
      maxOutput: plainCount(given.max_new_tokens),
      params: paramsOf(given, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: body.inputs ?? null,
    });
  },

  head: (reading, headers) => {
    const told = { 'x-prompt-tokens': headers['x-prompt-tokens'], 'x-generated-tokens': headers['x-generated-tokens'] };
    take(reading, told['x-prompt-tokens'], told['x-generated-tokens'], told);
  },

  whole: (reading, answer) => {
    reading.error = failure(answer) ?? reading.error;
    addText(reading, answer.generated_text);
    details(reading, object(answer.details));
  },

  event: (reading, _name, event) => {
    reading.error = failure(event) ?? reading.error;
    const token = object(event.token);
    if (token?.special !== true) addText(reading, token?.text);
    details(reading, object(event.details));
  },

  recognises: (answer) =>
    typeof answer.generated_text === 'string' || (object(answer.token) !== null && 'generated_text' in answer),

  refusal: ({ code, message }) => ({ error: message, error_type: code }),
};

const failure = (answer: JsonObject): Reading['error'] => {
  // The inference API of Hugging Face lists what it finds wrong.
  const error = errorOf(Array.isArray(answer.error) ? answer.error.filter(string).join('; ') : answer.error);
  return error && { ...error, type: error.type ?? string(answer.error_type) };
};

const details = (reading: Reading, from: JsonObject | null): void => {
  if (!from) return;
  const sequences = [from, ...objects(from.best_of_sequences)];
  for (const { finish_reason: reason } of sequences) {
    const word = string(reason);
    if (word) reading.finish.push(word);
  }
  reading.complete = true;
  const generated = sequences.reduce<number | null>(
    (all, each) => sum(all, count(reading, each.generated_tokens)),
    null,
  );
  take(reading, from.input_length ?? reading.usage?.input ?? listed(from.prefill), generated, counters(from));
};

/** `prefill` lists the prompt's tokens only where the request wants them; empty, it says nothing. */
const listed = (prefill: Json | undefined): number | null => array(prefill).length || null;

/** The counters of `details`, without the lists of tokens beside them. */
const counters = ({ generated_tokens, input_length }: JsonObject): JsonObject => ({
  ...(generated_tokens === undefined ? {} : { generated_tokens }),
  ...(input_length === undefined ? {} : { input_length }),
});

/** What the body says replaces what the headers said, figure by figure. */
const take = (
  reading: Reading,
  input: Json | undefined,
  output: Json | undefined,
  told: { [key: string]: Json | undefined },
): void => {
  const before: Usage = reading.usage ?? noUsage;
  const figures = {
    ...before,
    input: count(reading, input) ?? before.input,
    output: count(reading, output) ?? before.output,
  };
  if (figures.input === null && figures.output === null) return;
  reading.usage = figures;
  reading.reported ??= {};
  for (const [name, value] of Object.entries(told)) if (value !== undefined) reading.reported[name] = value;
};
