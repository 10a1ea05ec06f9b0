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

test('pieces of a price file count, by what the model makes', () => {
  const litellm = file({
    hearer: {
      litellm_provider: 'openai',
      mode: 'audio_transcription',
      input_cost_per_second: 1e-4,
      output_cost_per_second: 1e-4,
    },
    speaker: { litellm_provider: 'openai', mode: 'audio_speech', input_cost_per_character: 1.5e-5 },
    painter: { litellm_provider: 'openai', mode: 'image_generation', output_cost_per_image: 0.04 },
    'hd/1024-x-1792/painter': { litellm_provider: 'openai', mode: 'image_generation', input_cost_per_image: 0.12 },
    'standard/512-x-512/painter': { litellm_provider: 'openai', mode: 'image_generation', input_cost_per_pixel: 1e-7 },
    filmer: { litellm_provider: 'openai', mode: 'video_generation', output_cost_per_video_per_second: 0.1 },
    veo: { litellm_provider: 'openai', mode: 'video_generation', output_cost_per_second: 0.4 },
    reader: { litellm_provider: 'openai', mode: 'ocr', ocr_cost_per_page: 0.004, ocr_cost_per_page_batches: 0.002 },
    ranker: { litellm_provider: 'openai', mode: 'rerank', input_cost_per_query: 0.002, input_cost_per_token: 0 },
    plain: { input_cost_per_second: 2e-4 },
    rented: { litellm_provider: 'openai', mode: 'chat', output_cost_per_second: 0.01, input_cost_per_second: 0.01 },
    both: {
      litellm_provider: 'openai',
      mode: 'image_generation',
      output_cost_per_image: 1,
      output_cost_per_image_token: 1e-5,
      input_cost_per_token: 1e-6,
    },
  });
  const total = (model: string, usage: Partial<Usage>) => asked({ litellm }, 'openai', model, usage)[0];
  assert.equal(total('hearer', { audioSeconds: 2.5 }), 0.00025);
  assert.equal(total('speaker', { inputCharacters: 1000 }), 0.015);
  assert.equal(total('painter', { images: 2 }), 0.08);
  assert.equal(total('painter', { images: 1, imageVariant: 'hd/1024x1792' }), 0.12);
  assert.equal(total('painter', { images: 1, imageVariant: 'standard/512x512' }), 0.0262144);
  assert.equal(total('painter', { images: 1, imageVariant: 'hd/9999x9999' }), 'unpriced');
  assert.equal(total('filmer', { videoSeconds: 4 }), 0.4);
  assert.equal(total('veo', { videoSeconds: 8 }), 3.2);
  assert.equal(total('reader', { pages: 3 }), 0.012);
  assert.equal(total('reader', { pages: 3, serviceTier: 'batch' }), 0.006);
  assert.equal(total('ranker', { searchUnits: 1, output: 0 }), 0.002);
  assert.equal(total('plain', { audioSeconds: 10 }), 0.002);
  assert.equal(total('rented', { audioSeconds: 10 }), 'unpriced');
  assert.equal(total('both', { input: 100, output: 50, outputImage: 50, images: 1 }), 0.0006, 'not twice');
});

test("tiers of long contexts and service tiers meet in one key, and xAI's begin at the threshold", () => {
  const prices = {
    input_cost_per_token: 1e-6,
    input_cost_per_token_above_128k_tokens: 2e-6,
    input_cost_per_token_priority: 3e-6,
    input_cost_per_token_above_128k_tokens_priority: 6e-6,
    output_cost_per_token: 0,
  };
  const litellm = file({
    'xai/grok': { litellm_provider: 'xai', ...prices },
    gemini: { litellm_provider: 'gemini', ...prices },
  });
  const total = (kind: string, model: string, input: number, serviceTier: string | null = null) =>
    asked({ litellm }, kind, model, { input, output: 0, serviceTier })[0];
  assert.equal(total('xai', 'grok', 127_999), 0.127999);
  assert.equal(total('xai', 'grok', 128_000), 0.256);
  assert.equal(total('google', 'gemini', 128_000), 0.128);
  assert.equal(total('google', 'gemini', 128_001), 0.256002);
  assert.equal(total('google', 'gemini', 128_001, 'priority'), 0.768006);
});

test('a dated snapshot has the price of its name without the date, where the source has none of its own', () => {
  const config = [{ provider: 'openai', model: 'gpt-4o', input: '7', output: '7' }];
  const litellm = file({
    'gpt-4o-mini': { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 0 },
    'gpt-4o-mini-2024-07-18': { litellm_provider: 'openai', input_cost_per_token: 2e-6, output_cost_per_token: 0 },
  });
  assert.deepEqual(asked({ config }, 'openai', 'gpt-4o-2024-08-06'), [7, 'config']);
  assert.deepEqual(asked({ litellm }, 'openai', 'gpt-4o-mini-2024-07-18'), [2, 'litellm-file']);
  assert.deepEqual(asked({ litellm }, 'openai', 'gpt-4o-mini-2099-01-01'), [1, 'litellm-file']);
});

test('a fine-tuned model is found in a price file by its base, without its owner', () => {
  const litellm = file({
    'ft:gpt-5-2025-08-07': { litellm_provider: 'openai', input_cost_per_token: 4e-6, output_cost_per_token: 0 },
    'gpt-5-2025-08-07': { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 0 },
  });
  assert.deepEqual(asked({ litellm }, 'openai', 'ft:gpt-5-2025-08-07:org::id'), [4, 'litellm-file']);
});

test('your own price may be by the piece, and must be by something', () => {
  const config = [{ model: 'ocr', page: '0.0005' }];
  assert.deepEqual(asked({ config }, 'vllm', 'ocr', { pages: 4 }), [0.002, 'config']);
  const { problems } = openBook({ config: [{ model: 'x', cache_read: '1' }] });
  assert.match(problems[0] ?? '', /^prices\[0\]\.input: state a price: one or more of input, output, audio_second/);
});

test('the version of a price file stands in the cost', () => {
  const text = '{"m": {"input_cost_per_token": 1e-06}}';
  const { book } = openBook({ litellm: [{ name: 'prices.json', text, version: 'sha256:123' }] });
  assert.equal(book.tariffOf('vllm', 'm', null)?.version, 'sha256:123');
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
