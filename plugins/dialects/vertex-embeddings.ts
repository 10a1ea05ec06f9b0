/** Embeddings by Vertex `:predict`: each prediction counts the tokens of its own instance. */

import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { googleModel, googleModelName } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { snakeKeys } from './protobuf-json.ts';
import { count, errorOf, object, objects, paramsOf, string, sum } from './read.ts';

const params = ['output_dimensionality', 'auto_truncate'] as const;

export const vertexEmbeddings: Dialect = {
  name: 'vertex-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => /\/models\/[^/:]*embedding[^/:]*:predict$/.test(path),

  ask: (body, path) =>
    plainAsk(googleModel(path), {
      params: paramsOf(snakeKeys(body.parameters), params),
      prompt: objects(body.instances).map((instance): Json => string(instance.content) ?? string(instance.text) ?? ''),
    }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    // An endpoint names the model that is deployed there.
    reading.model = googleModelName(string(answer.model)) ?? reading.model;
    const statistics = objects(answer.predictions)
      .map((prediction) => object(object(prediction.embeddings)?.statistics))
      .filter((each) => each !== null);
    const input = statistics.reduce<number | null>((all, each) => sum(all, count(reading, each.token_count)), null);
    if (input !== null) reading.usage = { ...noUsage, input, output: 0 };
    if (statistics.length > 0) reading.reported = { statistics, ...object(answer.metadata) };
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  recognises: (answer) =>
    object(object(objects(answer.predictions)[0]?.embeddings)?.statistics)?.token_count !== undefined,

  refusal: googleRefusal,
};
