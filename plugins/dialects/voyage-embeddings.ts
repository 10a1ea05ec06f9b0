/**
 * Voyage's own embeddings: of chunks in their document's context, and of pictures and film between text. Its plain
 * embeddings are OpenAI's format. `total_tokens` is all of the input; 560 pixels are one token of it.
 */
import { noUsage } from '../usage.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { count, errorOf, object, paramsOf, string } from './read.ts';

const params = ['input_type', 'truncation', 'output_dimension', 'output_dtype'] as const;

export const voyageEmbeddings: Dialect = {
  name: 'voyage-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => path.endsWith('/multimodalembeddings') || path.endsWith('/contextualizedembeddings'),

  ask: (body) => plainAsk(string(body.model), { params: paramsOf(body, params), prompt: body.inputs ?? null }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.detail) ?? errorOf(answer.error) ?? reading.error;
    reading.model = string(answer.model) ?? reading.model;
    const usage = object(answer.usage);
    const total = count(reading, usage?.total_tokens);
    if (!usage || total === null) return;
    reading.usage = { ...noUsage, input: total, output: 0, totalReported: total };
    reading.reported = usage;
  },

  event: () => {},

  refusal: ({ message }) => ({ detail: message }),
};
