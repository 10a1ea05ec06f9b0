/** What the provider's answer says of its own limits, in the header families that are documented or were recorded. */
import type { Headers } from '../wire.ts';

export interface RateLimit {
  requests_limit: number | null;
  requests_remaining: number | null;
  tokens_limit: number | null;
  tokens_remaining: number | null;
}

/** Names of the limit and of what remains of it: both of the same window. The first window that an answer names counts. */
type Window = readonly [limit: string, remaining: string];

const requests: readonly Window[] = [
  ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests'], // OpenAI, Azure, Groq, xAI, Jina and others
  ['anthropic-ratelimit-requests-limit', 'anthropic-ratelimit-requests-remaining'],
  ['x-ratelimit-limit-req-minute', 'x-ratelimit-remaining-req-minute'], // Mistral
  ['x-ratelimit-limit-requests-minute', 'x-ratelimit-remaining-requests-minute'],
  ['x-ratelimit-limit-requests-day', 'x-ratelimit-remaining-requests-day'], // Cerebras
  ['x-trial-endpoint-call-limit', 'x-trial-endpoint-call-remaining'], // Cohere
  ['x-ratelimit-limit', 'x-ratelimit-remaining'], // Together, OpenRouter
  ['ratelimit-limit', 'ratelimit-remaining'], // Replicate, and the IETF draft
];

const tokens: readonly Window[] = [
  ['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens'],
  ['anthropic-ratelimit-tokens-limit', 'anthropic-ratelimit-tokens-remaining'],
  ['x-ratelimit-limit-tokens-minute', 'x-ratelimit-remaining-tokens-minute'], // Mistral, Cerebras
  ['x-ratelimit-limit-tokens-prompt', 'x-ratelimit-remaining-tokens-prompt'], // Fireworks
];

/** Null when no such header is there. @param headers names in lower case. */
export const rateLimitOf = (headers: Headers): RateLimit | null => {
  const [requestsLimit, requestsRemaining] = windowOf(requests, headers);
  const [tokensLimit, tokensRemaining] = windowOf(tokens, headers);
  const limits: RateLimit = {
    requests_limit: requestsLimit,
    requests_remaining: requestsRemaining,
    tokens_limit: tokensLimit,
    tokens_remaining: tokensRemaining,
  };
  return Object.values(limits).some((value) => value !== null) ? limits : null;
};

const windowOf = (windows: readonly Window[], headers: Headers): readonly [number | null, number | null] => {
  for (const [limit, remaining] of windows) {
    const figures = [figure(headers[limit]), figure(headers[remaining])] as const;
    if (figures[0] !== null || figures[1] !== null) return figures;
  }
  return [null, null];
};

/** A whole number; behind it the IETF draft may name the window: `100, 100;w=60`. */
const figure = (value: string | undefined): number | null => {
  const first = value?.split(/[,;]/, 1)[0]?.trim() ?? '';
  const number = first === '' ? Number.NaN : Number(first);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
};

/** Share of a limit that is used, 0 to 1. */
export const usedRatio = (limit: number | null, remaining: number | null): number | null =>
  limit === null || remaining === null || limit === 0 ? null : Math.max(0, 1 - remaining / limit);
