/** Is this a call that can spend money, and in which format? */
import type { Dialect } from './dialect.ts';
import { dialects } from './registry.generated.ts';

/**
 * `metered`: a format we read. `free`: cannot spend (lists, counting, stored answers, health, preflight).
 * `unknown`: may spend, but we cannot read how much.
 */
export type Kind = { kind: 'metered'; dialect: Dialect } | { kind: 'free' } | { kind: 'unknown' };

/** POST endpoints that never generate; by their ending, as gateways put prefixes in front. */
const freeWrites = ['/count_tokens', '/input_tokens', '/tokenize', '/detokenize', '/cancel', '/moderations'];

/** @param path normalised (see `normalPath`); letter case does not matter. */
export const classify = (method: string, path: string): Kind => {
  if (method !== 'POST') return method === 'PUT' || method === 'PATCH' ? { kind: 'unknown' } : { kind: 'free' };
  const lower = path.toLowerCase();
  if (freeWrites.some((ending) => lower.endsWith(ending))) return { kind: 'free' };
  for (const dialect of dialects) if (dialect.handles(lower)) return { kind: 'metered', dialect };
  return { kind: 'unknown' };
};
