/** OpenAI: headers and errors. */
import type { Failure, Vendor } from './vendor.ts';

const tokenLimit = 2_000_000;

/** type, code, message by status. */
const usual: Record<number, readonly [type: string, code: string | null, message: string]> = {
  400: ['invalid_request_error', null, 'The request was refused by the simulator.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'Country, region, or territory not supported'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  413: ['invalid_request_error', null, 'Maximum content size limit exceeded.'],
  422: ['invalid_request_error', null, 'Unprocessable entity.'],
  429: [
    'requests',
    'rate_limit_exceeded',
    'Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1.',
  ],
  500: ['server_error', null, 'The server had an error while processing your request. Sorry about that!'],
  503: ['server_error', null, 'The engine is currently overloaded, please try again later'],
};

/** The `error` object, as it also stands inside a stream. */
export const openaiError = ({ status, message, param = null, code }: Failure) => {
  const [type, usualCode, words] = usual[status] ?? (status >= 500 ? usual[500]! : usual[400]!);
  // A message of our own is not the usual case, so the usual code would be a lie.
  return { message: message ?? words, type, param, code: code ?? (message === undefined ? usualCode : null) };
};

export const openai: Vendor = {
  requestId: (random) => `req_${random.hex(32)}`,

  headers: (requestId, usedTokens) => [
    'openai-organization',
    'org-simulator',
    'openai-processing-ms',
    '12',
    'openai-version',
    '2020-10-01',
    'x-ratelimit-limit-requests',
    '5000',
    'x-ratelimit-limit-tokens',
    `${tokenLimit}`,
    'x-ratelimit-remaining-requests',
    '4999',
    'x-ratelimit-remaining-tokens',
    `${Math.max(0, tokenLimit - usedTokens)}`,
    'x-ratelimit-reset-requests',
    '12ms',
    'x-ratelimit-reset-tokens',
    `${Math.ceil((60_000 * Math.min(usedTokens, tokenLimit)) / tokenLimit)}ms`,
    'x-request-id',
    requestId,
  ],

  failureHeaders: ({ status }) => (status === 429 ? ['retry-after-ms', '1000', 'retry-after', '1'] : []),

  failure: (failure) => JSON.stringify({ error: openaiError(failure) }, null, 2),
};
