/** Is this a call that can spend money, and in which format? */
import type { Dialect } from './dialect.ts';
import { other } from './other.ts';
import { dialects } from './registry.generated.ts';

/**
 * `metered`: a format we read. `fetched`: an answer made in the background, which may bring figures for the first time.
 * `free`: cannot spend (lists, counting, stored answers, health, preflight). `unknown`: may spend, but what is not known
 * before the answer shows its format, if then.
 */
export type Kind =
  | { kind: 'metered'; dialect: Dialect }
  | { kind: 'fetched'; dialect: Dialect }
  | { kind: 'free' }
  | { kind: 'unknown'; dialect: Dialect };

/** POST endpoints that never generate; by their ending, as gateways put prefixes in front. */
const freeWrites = [
  '/count_tokens',
  '/input_tokens',
  '/count-tokens',
  '/tokenize',
  '/detokenize',
  '/cancel',
  '/check-api-key',
  // A key for a client that then talks to the provider itself.
  '/realtime/sessions',
  '/realtime/client_secrets',
  '/realtime/transcription_sessions',
  // An upload is stored, not read by a model.
  '/files',
  '/uploads',
  '/auth_tokens',
  '/chat_tokenize',
  // Ollama: what is done with models, none is asked.
  '/api/show',
  '/api/pull',
  '/api/push',
  '/api/create',
  '/api/copy',
];

/** Gemini and Vertex name what is done behind the last colon. */
const freeActions = [':counttokens', ':computetokens', ':fetchpredictoperation', 'count-tokens:rawpredict'];

/**
 * OpenAI's stores: completions, threads and their messages, assistants, vector stores. Only a run of a thread asks a model. Mistral's
 * conversations are of the same name as OpenAI's, and do.
 */
const stores =
  /\/(?:chat\/completions\/[^/]+|threads(?:\/(?!runs$)[^/]+(?:\/messages(?:\/[^/]+)?)?)?|assistants(?:\/[^/]+)?|vector_stores(?:\/.+)?)$/;
const storedRun = /\/threads\/[^/]+\/runs\/[^/]+$/;
const conversations = /\/conversations(?:\/[^/]+(?:\/items)?)?$/;
const keepsConversations = new Set(['openai', 'azure-openai']);

const onlyStores = (path: string, kind: string): boolean =>
  stores.test(path) || storedRun.test(path) || (keepsConversations.has(kind) && conversations.test(path));

const free: Kind = { kind: 'free' };

/** The same few paths come again and again; those with ids in them empty the memory and never grow it. */
const known = new Map<string, Kind>();
const mostKnown = 1_000;

/**
 * @param path normalised (see `normalPath`); letter case does not matter.
 * @param kind the provider's row in the vendor table: what its configuration says of its format counts before the path.
 */
export const classify = (method: string, path: string, kind: string): Kind => {
  const key = `${method} ${kind} ${path}`;
  const found = known.get(key);
  if (found) return found;
  const classified = lookedUp(method, path, kind);
  if (known.size >= mostKnown) known.clear();
  known.set(key, classified);
  return classified;
};

const lookedUp = (method: string, path: string, kind: string): Kind => {
  // A colon may be written as %3A: `models/…:generateContent`, `…-v1:0`.
  const lower = path.toLowerCase().replaceAll('%3a', ':');
  if (method === 'GET') {
    const dialect = dialects.find((each) => each.fetches?.(lower));
    return dialect ? { kind: 'fetched', dialect } : free;
  }
  if (method !== 'POST') return method === 'PUT' || method === 'PATCH' ? { kind: 'unknown', dialect: other } : free;
  if ([...freeWrites, ...freeActions].some((ending) => lower.endsWith(ending)) || onlyStores(lower, kind)) return free;
  for (const dialect of dialects) if (dialect.handles(lower, kind)) return { kind: 'metered', dialect };
  return { kind: 'unknown', dialect: other };
};
