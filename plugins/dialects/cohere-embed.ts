/** Cohere Embed, v1 and v2: what is billed is tokens of text, and for pictures `image_tokens`. */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { cohereError, readCohereUsage } from './cohere-usage.ts';
import { type Dialect, plainAsk, type Reading } from './dialect.ts';
import { object, paramsOf, string } from './read.ts';

const params = ['input_type', 'output_dimension', 'truncate', 'max_tokens'] as const;

export const cohereEmbed: Dialect = {
  name: 'cohere-embed',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path, kind) => /\/v[12]\/embed$/.test(path) || (kind === 'cohere' && path.endsWith('/embed')),

  ask: (body) =>
    plainAsk(string(body.model), { params: paramsOf(body, params), prompt: body.texts ?? body.inputs ?? null }),

  whole: (reading, answer) => {
    reading.error = cohereError(answer) ?? reading.error;
    reading.responseId ??= string(answer.id);
    readCohereUsage(reading, answer.meta);
    if (reading.usage) reading.usage = { ...reading.usage, output: 0 };
    else readPictures(reading, object(answer.meta));
  },

  event: () => {},

  recognises: (answer) =>
    string(answer.response_type)?.startsWith('embeddings_') === true && object(answer.meta) !== null,

  refusal: ({ message }) => ({ message }),
};

/** Embed v3 bills pictures by the piece: figures were given, and tell no tokens. */
const readPictures = (reading: Reading, meta: JsonObject | null): void => {
  if (object(meta?.billed_units)?.images === undefined) return;
  reading.usage = noUsage;
  reading.reported = meta;
};
