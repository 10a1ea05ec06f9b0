import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBook, type PriceSources } from '../../../../plugins/pricing/book.ts';
import { price } from '../../../../plugins/pricing/price.ts';
import { noUsage, type Usage } from '../../../../plugins/usage.ts';

const at = Date.parse('2026-11-01T12:00:00Z');

const asked = (
  sources: PriceSources,
  kind: string,
  model: string,
  usage: Partial<Usage> = { input: 1_000_000, output: 0 },
) => {
  const { book, problems } = openBook(sources);
  assert.deepEqual(problems, []);
  const priced = price({ kind, model, usage: { ...noUsage, ...usage }, at }, book);
  return 'costs' in priced ? [priced.costs.total_cost, priced.costs.source] : [priced.status];
};
const file = (entries: object) => [{ name: 'prices.json', text: JSON.stringify(entries) }];

test("the user's price comes before a file, a file before the catalogue", () => {
  const litellm = file({
    'gpt-4o': { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
  });
  const config = [{ provider: 'openai', model: 'gpt-4o', input: '7', output: '7' }];
  assert.deepEqual(asked({ config, litellm }, 'openai', 'gpt-4o'), [7, 'config']);
  assert.deepEqual(asked({ litellm }, 'openai', 'gpt-4o'), [1, 'litellm-file']);
  assert.deepEqual(asked({}, 'openai', 'gpt-4o'), [2.5, 'genai-prices']);
});

test('a stated price holds for its vendor, under any of its names, and for all vendors without one', () => {
  const config = [
    { provider: 'aws', model: 'house-model', input: '1', output: '1' },
    { model: 'house-model', input: '2', output: '2' },
  ];
  assert.deepEqual(asked({ config }, 'bedrock', 'house-model'), [1, 'config']);
  assert.deepEqual(asked({ config }, 'vllm', 'house-model'), [2, 'config']);
});

test('an exact name comes before a pattern, a pattern written first before a later one', () => {
  const config = [
    { model: 'llama-*', input: '1', output: '1' },
    { model: '*', input: '2', output: '2' },
    { model: 'llama-3.1', input: '3', output: '3' },
  ];
  assert.deepEqual(asked({ config }, 'vllm', 'llama-3.1'), [3, 'config']);
  assert.deepEqual(asked({ config }, 'vllm', 'llama-3.2'), [1, 'config']);
  assert.deepEqual(asked({ config }, 'vllm', 'qwen'), [2, 'config']);
  assert.deepEqual(asked({ config: config.slice(0, 1) }, 'vllm', 'xllama-3'), ['unpriced']);
});

test('a pattern is text with stars, nothing else in it is special', () => {
  const config = [{ model: 'a.b(*', input: '1', output: '1' }];
  assert.deepEqual(asked({ config }, 'vllm', 'a.b(c'), [1, 'config']);
  assert.deepEqual(asked({ config }, 'vllm', 'axb(c'), ['unpriced']);
});

test('every mistake in stated prices is told with its place', () => {
  const { problems } = openBook({
    config: [
      { provider: 'opnai', model: 'x', input: '1', output: '1' },
      { model: 'x', input: '1,5', output: '-2' },
      { model: '', input: '1' },
      { model: 'x' },
      { model: 'x', input: '1', outptu: '1' } as never,
      { model: 'good', input: '1', output: '1' },
    ],
  });
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    [
      'prices[0].provider',
      'prices[1].input',
      'prices[1].output',
      'prices[2].model',
      'prices[3].input',
      'prices[4].outptu',
    ],
  );
});

test('numbers of a price file are read as they are written, not as floats', () => {
  const text = '{"m": {"input_cost_per_token": 1.0000000000000001e-06, "output_cost_per_token": 0}}';
  const { book } = openBook({ litellm: [{ name: 'prices.json', text }] });
  const rates = book.tariffOf('vllm', 'm', null)?.periods[0]?.sheet[0]?.rates;
  assert.equal(rates?.input, 1_000_000_000_000_000_100_000_000n);
});

test('an entry of a price file belongs to the vendor that it names, under the name without the provider', () => {
  const litellm = file({
    sample_spec: { input_cost_per_token: 'cost', litellm_provider: 'one of' },
    'azure/gpt-4o': { litellm_provider: 'azure', input_cost_per_token: 1e-6, output_cost_per_token: 0 },
    'gemini/gemini-2.5-pro': { litellm_provider: 'gemini', input_cost_per_token: 2e-6, output_cost_per_token: 0 },
    'vertex_ai/claude-x': {
      litellm_provider: 'vertex_ai-anthropic_models',
      input_cost_per_token: 3e-6,
      output_cost_per_token: 0,
    },
    'gpt-4o-mini': { litellm_provider: 'openai', input_cost_per_token: 4e-6, output_cost_per_token: 0 },
    'images-only': { litellm_provider: 'openai', output_cost_per_image: 0.04 },
  });
  assert.deepEqual(asked({ litellm }, 'azure', 'gpt-4o'), [1, 'litellm-file']);
  assert.deepEqual(asked({ litellm }, 'openai', 'gpt-4o'), [2.5, 'genai-prices']);
  assert.deepEqual(asked({ litellm }, 'google', 'models/gemini-2.5-pro'), [2, 'litellm-file']);
  assert.deepEqual(asked({ litellm }, 'vertex', 'claude-x'), [3, 'litellm-file']);
  assert.deepEqual(asked({ litellm }, 'simulator', 'gpt-4o-mini'), [4, 'litellm-file']);
  assert.deepEqual(asked({ litellm }, 'openai', 'images-only'), ['unpriced']);
});

test('context tiers, cache, reasoning, audio and searches of a price file count', () => {
  const litellm = file({
    m: {
      litellm_provider: 'openai',
      input_cost_per_token: 1e-6,
      input_cost_per_token_above_200k_tokens: 2e-6,
      output_cost_per_token: 4e-6,
      output_cost_per_reasoning_token: 8e-6,
      cache_read_input_token_cost: 1e-7,
      cache_creation_input_token_cost: 1.25e-6,
      cache_creation_input_token_cost_above_1hr: 2e-6,
      input_cost_per_audio_token: 1e-5,
      search_context_cost_per_query: { search_context_size_medium: 0.01 },
    },
  });
  const total = (usage: Partial<Usage>) => asked({ litellm }, 'openai', 'm', { input: 0, output: 0, ...usage })[0];
  assert.equal(total({ input: 200_000 }), 0.2);
  assert.equal(total({ input: 200_001 }), 0.400002);
  assert.equal(total({ output: 1000, reasoning: 250 }), 0.005);
  assert.equal(total({ input: 3000, cacheRead: 1000, cacheWrite: 2000, cacheWrite1h: 1000 }), 0.00335);
  assert.equal(total({ input: 100, inputAudio: 100 }), 0.001);
  assert.equal(total({ webSearches: 2 }), 0.02);
});

test('a tier of a price file overrides what it names; a tier it lacks is left to the catalogue', () => {
  const litellm = file({
    'gpt-4o': {
      litellm_provider: 'openai',
      input_cost_per_token: 1e-6,
      output_cost_per_token: 1e-6,
      input_cost_per_token_priority: 3e-6,
      input_cost_per_token_batches: 5e-7,
    },
  });
  const inTier = (serviceTier: string) =>
    asked({ litellm }, 'openai', 'gpt-4o', { input: 1_000_000, output: 1_000_000, serviceTier });
  assert.deepEqual(inTier('priority'), [4, 'litellm-file']);
  assert.deepEqual(inTier('batch'), [1.5, 'litellm-file']);
  assert.deepEqual(inTier('flex'), [6.25, 'genai-prices']);
});

test('a broken price file is told with file, model and key, and its good entries count', () => {
  const text =
    '{"bad": {"input_cost_per_token": -1}, "list": [], "text": {"output_cost_per_token": "free"}, "good": {"input_cost_per_token": 1e-6, "output_cost_per_token": 0}}';
  const { book, problems } = openBook({
    litellm: [
      { name: 'a.json', text },
      { name: 'b.json', text: '{' },
    ],
  });
  assert.equal(problems.length, 4);
  assert.match(problems[0] ?? '', /^a\.json: "bad"\.input_cost_per_token: "-1" is not a price/);
  assert.match(problems[1] ?? '', /^a\.json: "list": /);
  assert.match(problems[2] ?? '', /^a\.json: "text"\.output_cost_per_token: "free"/);
  assert.match(problems[3] ?? '', /^b\.json: not JSON/);
  assert.ok(book.tariffOf('vllm', 'good', null));
});
