import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { readOpenaiUsage } from '../../../../plugins/dialects/openai-usage.ts';
import { usageCheck } from '../../../../plugins/usage.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';

const tokens = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

const readingOf = (...snapshots: JsonObject[]) => {
  const reading = newReading(false);
  for (const snapshot of snapshots) readOpenaiUsage(reading, snapshot, snapshot.service_tier);
  return reading;
};

for (const [what, usage, cost] of [
  ['OpenRouter', { cost: 0.00014 }, '0.00014'],
  ['OpenRouter, in a tiny amount', { cost: 1.4e-7 }, '0.00000014000000000000'],
  ['OpenRouter without a charge', { cost: 0 }, '0'],
  [
    'OpenRouter, on OpenRouter’s key',
    { cost: 0.01, is_byok: false, cost_details: { upstream_inference_cost: 0.01 } },
    '0.01',
  ],
  [
    'OpenRouter, on the caller’s own key: its fee and the maker’s bill',
    { cost: 0.1, is_byok: true, cost_details: { upstream_inference_cost: 0.2 } },
    '0.3',
  ],
  ['Perplexity', { cost: { input_tokens_cost: 0.001, request_cost: 0.005, total_cost: 0.006 } }, '0.006'],
  ['xAI', { cost_in_usd_ticks: 1497500 }, '0.0001497500'],
  ['nobody', {}, null],
  ['a cost that is none', { cost: -1 }, null],
  ['a cost that is text', { cost: 'free' }, null],
  ['ticks with a fraction', { cost_in_usd_ticks: 0.5 }, null],
] as const) {
  test(`the stated cost is read as it stands: ${what}`, () => {
    assert.equal(readingOf({ ...tokens, ...usage }).usage?.providerCost, cost);
  });
}

for (const [what, usage, searches] of [
  ['Perplexity', { num_search_queries: 3 }, 3],
  ['xAI, of the web and of X', { server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1 } }, 3],
  ['xAI without any', { server_side_tool_usage_details: { web_search_calls: 0 } }, null],
] as const) {
  test(`searches are counted: ${what}`, () => {
    assert.equal(readingOf({ ...tokens, ...usage }).usage?.webSearches, searches);
  });
}

test('details are found under every spelling of their name', () => {
  for (const name of [
    'prompt_tokens_details',
    'prompt_token_details',
    'input_tokens_details',
    'input_token_details',
  ] as const) {
    const { usage } = readingOf({ ...tokens, [name]: { cached_tokens: 4, audio_tokens: 1, video_tokens: 2 } });
    assert.partialDeepStrictEqual(usage, { cacheRead: 4, inputAudio: 1, inputVideo: 2 }, name);
  }
  for (const name of ['completion_tokens_details', 'output_tokens_details', 'output_token_details'] as const) {
    const { usage } = readingOf({ ...tokens, [name]: { reasoning_tokens: 3, image_tokens: 1 } });
    assert.partialDeepStrictEqual(usage, { reasoning: 3, outputImage: 1 }, name);
  }
});

test('predicted tokens, taken or thrown away, are output already', () => {
  const details = { reasoning_tokens: 0, accepted_prediction_tokens: 2, rejected_prediction_tokens: 2 };
  const { usage } = readingOf({ ...tokens, completion_tokens_details: details });
  assert.equal(usage?.output, 5);
  assert.equal(usage && usageCheck(usage), 'ok');
});

test('sound on top of the prompt is added where the total says so, and its seconds are kept', () => {
  const { usage } = readingOf({
    prompt_tokens: 9,
    completion_tokens: 201,
    total_tokens: 585,
    prompt_audio_seconds: 4,
    prompt_tokens_details: { audio_tokens: 375 },
  });
  assert.partialDeepStrictEqual(usage, { input: 384, inputAudio: 375, audioSeconds: 4 });
});

test('a later snapshot replaces all of an earlier one, but for the tier, which is said once', () => {
  const { usage } = readingOf(
    { ...tokens, service_tier: 'flex', prompt_tokens_details: { cached_tokens: 8 } },
    { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  );
  assert.partialDeepStrictEqual(usage, { input: 3, output: 1, cacheRead: null, serviceTier: 'flex' });
});

test('an object without figures replaces nothing', () => {
  assert.partialDeepStrictEqual(readingOf(tokens, {}, { prompt_tokens: null }).usage, { input: 10, output: 5 });
});
