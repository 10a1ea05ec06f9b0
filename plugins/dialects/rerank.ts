/**
 * Rerank, as Cohere began it and Voyage, Jina, Together, vLLM and others took it over: one request, and an answer that
 * counts either search units (`meta.billed_units`: a query with up to a hundred documents) or tokens (`usage`).
 */
import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import { cohereError, readCohereUsage } from './cohere-usage.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { costOf } from './openai-usage.ts';
import { count, errorOf, object, paramsOf, string } from './read.ts';

const params = ['top_n', 'top_k', 'return_documents', 'max_tokens_per_doc', 'truncation'] as const;

export const rerank: Dialect = {
  name: 'rerank',
  consumedUsing: 'rerank_model/rerank',
  operation: 'rerank',
  makes: 'vectors',
  handles: (path) => path.endsWith('/rerank'),

  ask: (body) =>
    plainAsk(string(body.model), { params: paramsOf(body, params), prompt: listed(body.query, body.documents) }),

  whole: (reading, answer) => {
    reading.error = cohereError(answer) ?? errorOf(answer.detail) ?? reading.error;
    reading.responseId ??= string(answer.id);
    reading.model = string(answer.model) ?? reading.model;
    readCohereUsage(reading, answer.meta);
    const usage = object(answer.usage);
    const total = count(reading, usage?.total_tokens);
    const input = total ?? count(reading, usage?.prompt_tokens);
    const searchUnits = count(reading, usage?.search_units);
    if (usage && (input !== null || searchUnits !== null)) {
      reading.usage = {
        ...(reading.usage ?? noUsage),
        input,
        searchUnits: searchUnits ?? reading.usage?.searchUnits ?? null,
        totalReported: total,
        providerCost: costOf(usage),
      };
      reading.reported = usage;
    }
    // Where tokens are counted at all, none came out; search units alone tell nothing of tokens.
    if (reading.usage && reading.usage.input !== null) reading.usage = { ...reading.usage, output: 0 };
  },

  event: () => {},

  recognises: (answer) => object(object(answer.meta)?.billed_units)?.search_units !== undefined,

  // Cohere's client reads `message`, those of Voyage and Jina `detail`.
  refusal: ({ message }) => ({ message, detail: message }),
};

const listed = (query: Json | undefined, documents: Json | undefined): Json =>
  [query ?? null, ...(Array.isArray(documents) ? documents : [])].filter((part) => part !== null);
