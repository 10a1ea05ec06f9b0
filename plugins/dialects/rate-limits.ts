/** What the provider's answer says of its own limits: the two header families in use. */
import type { Headers } from '../wire.ts';

export interface RateLimit {
  requests_limit: number | null;
  requests_remaining: number | null;
  tokens_limit: number | null;
  tokens_remaining: number | null;
}

const families: readonly ((what: 'requests' | 'tokens', which: 'limit' | 'remaining') => string)[] = [
  (what, which) => `x-ratelimit-${which}-${what}`, // OpenAI and those who copy it
  (what, which) => `anthropic-ratelimit-${what}-${which}`,
];

/** Null when no such header is there. */
export const rateLimitOf = (headers: Headers): RateLimit | null => {
  for (const name of families) {
    const read = (what: 'requests' | 'tokens', which: 'limit' | 'remaining'): number | null => {
      const value = headers[name(what, which)];
      const number = value === undefined || value === '' ? Number.NaN : Number(value);
      return Number.isSafeInteger(number) && number >= 0 ? number : null;
    };
    const limits: RateLimit = {
      requests_limit: read('requests', 'limit'),
      requests_remaining: read('requests', 'remaining'),
      tokens_limit: read('tokens', 'limit'),
      tokens_remaining: read('tokens', 'remaining'),
    };
    if (Object.values(limits).some((value) => value !== null)) return limits;
  }
  return null;
};

/** Share of a limit that is used, 0 to 1. */
export const usedRatio = (limit: number | null, remaining: number | null): number | null =>
  limit === null || remaining === null || limit === 0 ? null : Math.max(0, 1 - remaining / limit);
