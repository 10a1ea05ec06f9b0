/** Rerank by Bedrock's InvokeModel (Cohere, Amazon): nothing is counted, a search is a query with up to a hundred documents. */
import { noUsage } from '../usage.ts';
import { awsErrors } from './aws-errors.ts';
import { bedrockMakes, bedrockModel } from './bedrock-model.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { array, paramsOf } from './read.ts';

const params = ['top_n', 'max_tokens_per_doc'] as const;

export const bedrockRerank: Dialect = {
  name: 'bedrock-rerank',
  consumedUsing: 'rerank_model/rerank',
  operation: 'rerank',
  makes: 'vectors',
  handles: (path) => bedrockMakes(path) === 'rerank',

  ask: (body, path) =>
    plainAsk(bedrockModel(path), {
      params: paramsOf(body, params),
      prompt: [body.query ?? null, ...array(body.documents)].filter((part) => part !== null),
    }),

  head: awsErrors.head,

  whole: awsErrors.body,

  event: (reading, name, event) => void awsErrors.event(reading, name, event),

  units: (_reading, body) => {
    // Bedrock pricing, "Rerank".
    const documents = typeof body.query === 'string' ? array(body.documents).length : 0;
    return documents === 0 ? null : { ...noUsage, output: 0, searchUnits: Math.ceil(documents / 100) };
  },

  refusal: awsErrors.refusal,
};
