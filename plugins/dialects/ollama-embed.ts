/** Ollama's native embeddings: `/api/embed` counts its input, the older `/api/embeddings` says nothing. */
import { type Dialect, plainAsk } from './dialect.ts';
import { ollamaParams, ollamaRefusal, readOllamaAnswer } from './ollama-answer.ts';
import { object, string } from './read.ts';

export const ollamaEmbed: Dialect = {
  name: 'ollama-embed',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => path.endsWith('/api/embed') || path.endsWith('/api/embeddings'),

  ask: (body) =>
    plainAsk(string(body.model), {
      params: ollamaParams(body, object(body.options) ?? {}).params,
      prompt: body.input ?? body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    readOllamaAnswer(reading, answer);
    if (reading.usage) reading.usage = { ...reading.usage, output: 0 };
  },

  event: () => {},

  refusal: ollamaRefusal,
};
