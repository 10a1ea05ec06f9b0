import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimitOf, usedRatio } from '../../../../plugins/dialects/rate-limits.ts';

const limits = (requests: readonly (number | null)[], tokens: readonly (number | null)[]) => ({
  requests_limit: requests[0] ?? null,
  requests_remaining: requests[1] ?? null,
  tokens_limit: tokens[0] ?? null,
  tokens_remaining: tokens[1] ?? null,
});

test('the limits of every known header family are read', () => {
  for (const [vendor, headers, expected] of [
    [
      'OpenAI',
      {
        'x-ratelimit-limit-requests': '5000',
        'x-ratelimit-remaining-requests': '4999',
        'x-ratelimit-limit-tokens': '400000',
        'x-ratelimit-remaining-tokens': '399700',
        'x-ratelimit-reset-requests': '12ms',
      },
      limits([5000, 4999], [400000, 399700]),
    ],
    ['Azure, remaining only', { 'x-ratelimit-remaining-tokens': '119' }, limits([], [null, 119])],
    [
      'Anthropic',
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-tokens-limit': '8000',
        'anthropic-ratelimit-tokens-remaining': '7000',
        'anthropic-ratelimit-tokens-reset': '2026-11-20T08:00:00Z',
      },
      limits([50, 49], [8000, 7000]),
    ],
    [
      'Mistral',
      {
        'x-ratelimit-limit-req-minute': '360',
        'x-ratelimit-remaining-req-minute': '358',
        'x-ratelimit-limit-tokens-minute': '200000',
        'x-ratelimit-remaining-tokens-minute': '199533',
        'x-ratelimit-tokens-query-cost': '210',
      },
      limits([360, 358], [200000, 199533]),
    ],
    [
      'Cerebras',
      {
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-remaining-requests-day': '14399',
        'x-ratelimit-limit-tokens-minute': '60000',
        'x-ratelimit-remaining-tokens-minute': '59000',
      },
      limits([14400, 14399], [60000, 59000]),
    ],
    ['Fireworks', { 'x-ratelimit-limit-tokens-prompt': '3600000' }, limits([], [3600000, null])],
    ['Cohere', { 'x-trial-endpoint-call-limit': '20', 'x-trial-endpoint-call-remaining': '18' }, limits([20, 18], [])],
    [
      'Together',
      { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '9', 'x-ratelimit-limit-tokens': '3000' },
      limits([10, 9], [3000, null]),
    ],
    ['Replicate', { 'ratelimit-remaining': '599', 'ratelimit-reset': '1' }, limits([null, 599], [])],
    ['the IETF draft', { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '7' }, limits([100, 7], [])],
  ] as const)
    assert.deepEqual(rateLimitOf(headers), expected, vendor);
});

test('a limit and what remains of it are of one window, never of two', () => {
  const headers = { 'x-ratelimit-limit-requests': '5000', 'ratelimit-remaining': '3' };
  assert.deepEqual(rateLimitOf(headers), limits([5000, null], []));
});

test('an answer that names no limit, or none that is a count, has none', () => {
  for (const headers of [
    {},
    { 'x-ratelimit-limit-requests': '' },
    { 'x-ratelimit-limit-requests': 'unlimited' },
    { 'x-ratelimit-limit-requests': '-1' },
    { 'x-ratelimit-limit-tokens': '1e999' },
    { 'x-ratelimit-limit': 'false' },
    { 'retry-after': '15' },
  ])
    assert.equal(rateLimitOf(headers), null, JSON.stringify(headers));
});

test('the used share of a limit is between nothing and all of it', () => {
  assert.equal(usedRatio(100, 25), 0.75);
  assert.equal(usedRatio(10, 19), 0);
  assert.equal(usedRatio(0, 0), null);
  assert.equal(usedRatio(null, 1), null);
});
