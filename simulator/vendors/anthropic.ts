/** Anthropic: headers and errors. */
import { now } from '../clock.ts';
import type { Failure, Vendor } from './vendor.ts';

const inputLimit = 2_000_000;
const outputLimit = 400_000;
const reset = new Date((now + 1) * 1000).toISOString().replace('.000', '');

/** type, message by status. */
const usual: Record<number, readonly [type: string, message: string]> = {
  400: ['invalid_request_error', 'The request was refused by the simulator.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'Request exceeds the maximum allowed number of bytes.'],
  429: ['rate_limit_error', "This request would exceed your organization's rate limit of 4,000 requests per minute."],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'The request timed out.'],
  529: ['overloaded_error', 'Overloaded'],
};

/** The `error` object, as it also stands inside a stream. */
export const anthropicError = ({ status, message }: Failure) => {
  const [type, words] = usual[status] ?? (status >= 500 ? usual[500]! : usual[400]!);
  return { type, message: message ?? words };
};

const limited = (what: string, limit: number, remaining: number): string[] => [
  `anthropic-ratelimit-${what}-limit`,
  `${limit}`,
  `anthropic-ratelimit-${what}-remaining`,
  // The provider rounds what is left to thousands.
  `${Math.max(0, Math.floor(remaining / 1000) * 1000)}`,
  `anthropic-ratelimit-${what}-reset`,
  reset,
];

export const anthropic: Vendor = {
  requestId: (random) => `req_011C${random.letters(20)}`,

  headers: (requestId, usedTokens) => [
    ...limited('input-tokens', inputLimit, inputLimit - usedTokens),
    ...limited('output-tokens', outputLimit, outputLimit),
    'anthropic-ratelimit-requests-limit',
    '4000',
    'anthropic-ratelimit-requests-remaining',
    '3999',
    'anthropic-ratelimit-requests-reset',
    reset,
    ...limited('tokens', inputLimit + outputLimit, inputLimit + outputLimit - usedTokens),
    'anthropic-organization-id',
    '00000000-0000-4000-8000-000000000000',
    'request-id',
    requestId,
  ],

  failureHeaders: ({ status }) =>
    status === 429 ? ['retry-after', '1', 'x-should-retry', 'true'] : ['x-should-retry', `${status >= 500}`],

  failure: (failure, requestId) =>
    JSON.stringify({ type: 'error', error: anthropicError(failure), request_id: requestId }),
};
