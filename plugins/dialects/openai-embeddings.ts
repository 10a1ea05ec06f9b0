/** OpenAI Embeddings, and who speaks it: Azure, Mistral, OpenRouter; Voyage and Jina count `total_tokens` only. */
import type { JsonObject } from '../wire.ts';
import { type Dialect, inputs, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures } from './openai-usage.ts';
import { array, object, paramsOf, string } from './read.ts';

const params = ['dimensions', 'encoding_format', 'input_type', 'task', 'truncation'] as const;

export const openaiEmbeddings: Dialect = {
  name: 'openai-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  // `/api/embeddings` is Ollama's own.
  handles: (path) => path.endsWith('/embeddings') && !path.endsWith('/api/embeddings'),

  ask: (body) => {
    const items = array(body.input);
    return plainAsk(string(body.model), {
      params: paramsOf(body, params),
      messages: inputs(items.length > 0 ? textsIn(items) : 1),
      user: string(body.user),
      prompt: body.input ?? null,
    });
  },

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    reading.responseId ??= string(answer.id);
    const usage = object(answer.usage);
    if (usage) readUsage(reading, usage);
  },

  // There are no streams of vectors: an event can only say what went wrong.
  event: (reading, _name, event) => readOpenaiError(reading, event),

  refusal: openaiRefusal,
};

/** All that is counted is input. */
const readUsage = (reading: Reading, usage: JsonObject): void => {
  const figures = openaiFigures(reading, usage);
  const input = figures.input ?? figures.totalReported;
  if (input === null) return;
  reading.usage = { ...figures, input, output: figures.output ?? 0 };
  reading.reported = usage;
};

/** A list of numbers is one text, given as tokens. */
const textsIn = (items: readonly unknown[]): number => (typeof items[0] === 'number' ? 1 : items.length);
