/** Embeddings by Bedrock's InvokeModel (Titan, Cohere, Nova, Marengo): counted in the body, or in the headers only. */
import { awsErrors } from './aws-errors.ts';
import { bedrockInvoke } from './bedrock-invoke.ts';
import { bedrockMakes } from './bedrock-model.ts';
import type { Dialect } from './dialect.ts';

export const bedrockEmbeddings: Dialect = {
  name: 'bedrock-embeddings',
  consumedUsing: 'embedding_model/embedding',
  operation: 'embeddings',
  makes: 'vectors',
  handles: (path) => bedrockMakes(path) === 'embeddings',

  ask: (body, path) => bedrockInvoke.ask(body, path),

  head: (reading, headers) => bedrockInvoke.head?.(reading, headers),

  whole: (reading, answer) => {
    bedrockInvoke.whole(reading, answer);
    if (reading.usage && reading.error === null) reading.usage = { ...reading.usage, output: 0 };
  },

  event: (reading, name, event) => void awsErrors.event(reading, name, event),

  refusal: awsErrors.refusal,
};
