/**
 * Hugging Face feature extraction, `…/models/ORG/NAME/pipeline/feature-extraction`: the answer is nothing but
 * numbers, so that what it spends is not known.
 */
import { type Dialect, inputs, plainAsk } from './dialect.ts';
import { array, errorOf, paramsOf } from './read.ts';

const params = ['normalize', 'truncate', 'truncation_direction', 'prompt_name'] as const;
const task = /\/models\/([^/]+(?:\/[^/]+)?)\/pipeline\/(?:feature-extraction|sentence-similarity)$/i;

export const huggingfaceEmbeddings: Dialect = {
  name: 'huggingface-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => task.test(path),

  ask: (body, path) =>
    plainAsk(task.exec(path)?.[1] ?? null, {
      params: paramsOf(body, params),
      messages: inputs(Math.max(1, array(body.inputs).length)),
      prompt: body.inputs ?? null,
    }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  refusal: ({ code, message }) => ({ error: message, error_type: code }),
};
