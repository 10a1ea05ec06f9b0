/**
 * Cohere's figures: `usage` in v2, `meta` in v1, embed and rerank. `billed_units` is what is paid; `tokens` adds the
 * API's own prompt around the caller's, and is read where nothing billed is named. `cached_tokens` counts `tokens`, so
 * it may exceed the billed input.
 */
import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import type { Reading } from './dialect.ts';
import { count, errorOf, object, string, sum } from './read.ts';

/** Reads the figures into the reading; a later snapshot replaces an earlier one. */
export const readCohereUsage = (reading: Reading, raw: Json | undefined): void => {
  const usage = object(raw);
  const billed = object(usage?.billed_units);
  const tokens = object(usage?.tokens);
  if (!usage || (!billed && !tokens)) return;
  const read = (value: Json | undefined) => count(reading, value);
  const figures = {
    ...noUsage,
    // Each billed unit has its own price, so the tokens of pictures are not among those of the text.
    input: sum(read(billed?.input_tokens), read(billed?.image_tokens)) ?? read(tokens?.input_tokens),
    output: read(billed?.output_tokens) ?? read(tokens?.output_tokens),
    cacheRead: read(usage.cached_tokens),
    inputImage: read(billed?.image_tokens),
    searchUnits: read(billed?.search_units),
  };
  if (figures.input === null && figures.output === null && figures.searchUnits === null) return;
  reading.usage = figures;
  reading.reported = usage;
};

/** An error answer is `{message}`, some have an `id` or an `error_type` beside it; a message object is an answer's. */
export const cohereError = (answer: { message?: Json; error_type?: Json; error?: Json }): Reading['error'] =>
  typeof answer.message === 'string'
    ? errorOf({ type: string(answer.error_type), message: answer.message })
    : errorOf(answer.error);
