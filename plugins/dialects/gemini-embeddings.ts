/** Gemini embedContent and batchEmbedContents: the newer models count their input, the older ones say nothing of it. */
import type { JsonObject } from '../wire.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { readUsageMetadata } from './gemini-usage.ts';
import { googleModel } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { repeated, snakeKeys } from './protobuf-json.ts';
import { errorOf, object, objects, paramsOf } from './read.ts';

const params = ['task_type', 'output_dimensionality', 'auto_truncate'] as const;

export const geminiEmbeddings: Dialect = {
  name: 'gemini-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => /\/models\/[^/:]+:(?:embedcontent|batchembedcontents)$/.test(path),

  ask: (body, path) => {
    const batch = objects(body.requests);
    const first = snakeKeys(batch[0] ?? body);
    return plainAsk(googleModel(path), {
      params: {
        ...paramsOf(first, params),
        ...paramsOf(snakeKeys(first.embed_content_config), params),
      },
      prompt: (batch.length > 0 ? batch : [body]).flatMap((request) => repeated(request.content)),
    });
  },

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    readUsageMetadata(reading, answer.usageMetadata);
    if (reading.usage) reading.usage = { ...reading.usage, output: 0 };
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  recognises: (answer) => isVector(object(answer.embedding)) || isVector(objects(answer.embeddings)[0] ?? null),

  refusal: googleRefusal,
};

const isVector = (embedding: JsonObject | null): boolean => embedding !== null && Array.isArray(embedding.values);
