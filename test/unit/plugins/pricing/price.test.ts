import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryLedger } from '../../../../plugins/hosts/stores/memory-ledger.ts';
import { openBook } from '../../../../plugins/pricing/book.ts';
import { costOf, dollarText } from '../../../../plugins/pricing/money.ts';
import { type Costs, price } from '../../../../plugins/pricing/price.ts';
import type { StatedPrice } from '../../../../plugins/pricing/stated-prices.ts';
import { noUsage, type Usage } from '../../../../plugins/usage.ts';

const at = Date.parse('2026-11-01T12:00:00Z');
const builtIn = openBook().book;

const costs = (kind: string, model: string, usage: Partial<Usage>, book = builtIn): Costs => {
  const priced = price({ kind, model, usage: { ...noUsage, ...usage }, at }, book);
  assert.equal(priced.status, 'priced');
  assert.ok('costs' in priced);
  return priced.costs;
};
const total = (...question: Parameters<typeof costs>) => costs(...question).total_cost;
const status = (kind: string, model: string | null, usage: Partial<Usage>, book = builtIn) =>
  price({ kind, model, usage: { ...noUsage, ...usage }, at }, book).status;
const bookOf = (...config: StatedPrice[]) => openBook({ config }).book;

test('each part is billed at its own price and the total is their sum', () => {
  assert.deepEqual(
    costs('anthropic', 'claude-sonnet-4-5-20250929', {
      input: 10_000,
      cacheRead: 4000,
      cacheWrite: 3000,
      cacheWrite1h: 1000,
      output: 600,
      reasoning: 200,
      webSearches: 2,
    }),
    {
      input_cost: 0.009, // 3000 at $3
      output_cost: 0.006, // 400 at $15
      reasoning_cost: 0.003, // 200 at $15
      cache_read_cost: 0.0012, // 4000 at $0.30
      cache_write_cost: 0.0135, // 2000 at $3.75 and 1000 at $6
      other_cost: 0.02, // 2 searches at $10 per 1000
      total_cost: 0.0527,
      currency: 'dollar',
      source: 'genai-prices',
      catalogue_version: '0.1.8',
    },
  );
});

test('audio and images are billed apart from text, at their own prices', () => {
  const { input_cost, output_cost, other_cost } = costs('openai', 'gpt-audio', {
    input: 500,
    inputAudio: 350,
    output: 700,
    outputAudio: 600,
  });
  assert.deepEqual([input_cost, output_cost, other_cost], [0.000375, 0.001, 0.0496]);
});

test('a cache price that nobody stated is the input price, never 0', () => {
  const book = bookOf({ model: 'local', input: '2', output: '4' });
  assert.equal(total('vllm', 'local', { input: 1000, cacheRead: 400, cacheWrite: 100, output: 0 }, book), 0.002);
});

test('a 1-hour write without a price of its own costs what a 5-minute write costs', () => {
  const book = bookOf({ model: 'local', input: '2', output: '4', cache_write_5m: '3' });
  assert.equal(total('vllm', 'local', { input: 1000, cacheWrite1h: 1000, output: 0 }, book), 0.003);
});

test('a long context re-prices the whole request, one token above the threshold', () => {
  assert.equal(total('google', 'gemini-2.5-pro', { input: 200_000, output: 1000 }), 0.26);
  assert.equal(total('google', 'gemini-2.5-pro', { input: 200_001, output: 1000 }), 0.5150025);
  assert.equal(
    total('google', 'gemini-2.5-pro', { input: 300_000, cacheRead: 250_000, output: 2000 }),
    0.2175,
    'cached tokens count towards the threshold',
  );
});

test("xAI's long context begins at the threshold", () => {
  const short = total('xai', 'grok-4.3', { input: 199_999, output: 0 });
  assert.ok(total('xai', 'grok-4.3', { input: 200_000, output: 0 }) > 1.9 * short);
});

test('parts larger than the billed input are cut to it', () => {
  assert.equal(total('openai', 'gpt-4o', { input: 100, cacheRead: 1_000_000, output: 0 }), 0.000125);
  assert.equal(total('openai', 'gpt-4o', { input: 0, output: 10, outputAudio: 10, reasoning: 8 }), 0.0001);
});

test('more reasoning than output has the cost that the provider states, else none', () => {
  const deep = { input: 21, output: 3400, reasoning: 41_000, webSearches: 12 };
  assert.equal(status('perplexity', 'sonar-deep-research', deep), 'unpriced');
  assert.partialDeepStrictEqual(costs('perplexity', 'sonar-deep-research', { ...deep, providerCost: '0.24' }), {
    total_cost: 0.24,
    source: 'provider',
  });
});

test('what searches found is billed as the provider states it, as no list has its price', () => {
  const found = { input: 21, output: 3400, reasoning: 400, citations: 15_000, providerCost: '0.09' };
  assert.equal(costs('perplexity', 'sonar-deep-research', found).source, 'provider');
});

test('flex and batch cost half, priority its list price, another name of the standard tier nothing else', () => {
  const usage = { input: 3000, cacheRead: 1024, output: 800 };
  const inTier = (serviceTier: string | null) => total('openai', 'gpt-5', { ...usage, serviceTier });
  assert.deepEqual(
    ['flex', 'batch', 'priority', 'default', 'auto', null].map(inTier),
    [0.005299, 0.005299, 0.021196, 0.010598, 0.010598, 0.010598],
  );
});

test('a batch at Google halves tokens but not cache reads', () => {
  const usage = { input: 2000, cacheRead: 1000, output: 0, serviceTier: 'batch' };
  assert.equal(total('google', 'gemini-2.5-flash', usage), 0.00018);
});

test('a long context begins one token above the threshold, at xAI on it, and its cache reads are dearer too', () => {
  const at = (kind: string, model: string, input: number) => total(kind, model, { input, cacheRead: 1000, output: 0 });
  for (const [kind, model, threshold, before, after] of [
    ['google', 'gemini-2.5-pro', 200_000, 0.248875, 0.49775],
    ['anthropic', 'claude-sonnet-4-5', 200_000, 0.5973, 1.1946],
    ['openai', 'gpt-5.4', 272_000, 0.67775, 1.3555],
    ['xai', 'grok-4.3', 199_999, 0.24894875, 0.4978975],
    ['openrouter', 'x-ai/grok-4-fast', 127_999, 0.0254498, 0.0508496],
  ] as const) {
    const perToken = (after - before) / threshold / 2;
    assert.equal(at(kind, model, threshold), before, `${kind} ${model} at ${threshold}`);
    assert.ok(at(kind, model, threshold + 1) - before > perToken * threshold, `${kind} ${model} above it`);
  }
});

test('what serves a call from capacity paid by the month has no price per token', () => {
  for (const serviceTier of ['PROVISIONED_THROUGHPUT', 'provisioned_throughput', 'reserved'])
    assert.equal(status('google', 'gemini-2.5-flash', { input: 1, output: 1, serviceTier }), 'unpriced', serviceTier);
});

test("Vertex AI's traffic types are tiers", () => {
  const usage = { input: 1_000_000, output: 0 };
  const typed = (serviceTier: string) => total('vertex', 'gemini-2.5-flash', { ...usage, serviceTier });
  assert.deepEqual(['ON_DEMAND', 'ON_DEMAND_FLEX', 'ON_DEMAND_PRIORITY'].map(typed), [0.3, 0.15, 0.54]);
});

test('what is sold by the piece is billed by the piece', () => {
  for (const [kind, model, usage, dollars] of [
    ['openai', 'whisper-1', { audioSeconds: 60 }, 0.006],
    ['openai', 'whisper-1', { audioSeconds: 8.47 }, 0.000847],
    ['groq', 'whisper-large-v3', { audioSeconds: 3600 }, 0.111],
    ['openai', 'tts-1', { inputCharacters: 1000 }, 0.015],
    ['openai', 'tts-1-hd', { inputCharacters: 1000 }, 0.03],
    ['openai', 'dall-e-3', { images: 1 }, 0.04],
    ['openai', 'dall-e-3', { images: 2, imageVariant: 'hd/1024x1792' }, 0.24],
    ['openai', 'dall-e-2', { images: 3, imageVariant: '256x256' }, 0.048],
    ['openai', 'sora-2', { videoSeconds: 4 }, 0.4],
    ['vertex', 'veo-3.0-generate-001', { videoSeconds: 8 }, 3.2],
    ['google', 'imagen-3.0-generate-001', { images: 4 }, 0.16],
    ['mistral', 'mistral-ocr-latest', { pages: 3 }, 0.012],
    ['cohere', 'rerank-v3.5', { searchUnits: 2, output: 0 }, 0.004],
    ['bedrock', 'cohere.rerank-v3-5:0', { searchUnits: 1, output: 0 }, 0.002],
    ['cohere', 'rerank-v3.5', { searchUnits: 0 }, 0],
  ] as const) {
    const { total_cost, other_cost } = costs(kind, model, usage);
    assert.deepEqual([total_cost, other_cost], [dollars, dollars], `${kind} ${model}`);
  }
});

test('a piece without a price, or of a size without one, makes the call unpriced', () => {
  assert.equal(status('openai', 'gpt-4o', { audioSeconds: 10 }), 'unpriced');
  assert.equal(status('openai', 'dall-e-3', { images: 1, imageVariant: 'auto' }), 'unpriced');
  assert.equal(status('openai', 'sora-2-pro', { videoSeconds: 4 }), 'unpriced');
  assert.equal(status('openai', 'tts-1', { input: 10, output: 0 }), 'unpriced');
  assert.equal(status('openai', 'tts-1', { inputCharacters: 10, serviceTier: 'batch' }), 'unpriced');
});

test('what the list has a price for is what a model is sold by: tokens, pieces, or both', () => {
  const usage = { input: 1000, output: 100, audioSeconds: 60 };
  assert.equal(total('mistral', 'voxtral-small-latest', usage), 0.00014, 'by token: the seconds are in them');
  assert.equal(total('mistral', 'voxtral-mini-latest', usage), 0.003, 'by the second: the tokens are not billed');
  const both = bookOf({ model: 'both', input: '2', output: '4', audio_second: '0.001' });
  assert.equal(total('vllm', 'both', usage, both), 0.0624);
});

test('the tokens of film in the input have a price of their own, else that of the input', () => {
  const usage = { input: 1_000_000, inputVideo: 400_000, output: 0 };
  assert.equal(total('google', 'gemini-embedding-2', usage), 0.12 + 4.8);
  assert.equal(total('google', 'gemini-2.5-flash', usage), 0.3);
});

test('what is free costs 0 also when nobody counted what was used', () => {
  assert.equal(total('openai', 'omni-moderation-latest', {}), 0);
  assert.equal(total('openrouter', 'anybody/anything:free', {}), 0);
  assert.equal(total('vllm', 'local', {}, bookOf({ model: 'local', input: '0', output: '0' })), 0);
  assert.equal(status('vllm', 'local', {}, bookOf({ model: 'local', input: '0', output: '1' })), 'unmetered');
});

test('a fine-tuned model has its own price, or none, but never that of its base', () => {
  const usage = { input: 1_000_000, cacheRead: 500_000, output: 0 };
  assert.equal(total('openai', 'ft:gpt-4o-mini-2024-07-18:org::id', usage), 0.225);
  assert.equal(total('openai', 'ft:gpt-4.1-2025-04-14:org:name:id', usage), 1.875);
  assert.equal(status('openai', 'ft:gpt-5-2025-08-07:org::id', usage), 'unpriced');
});

test('where the model that answered has no price, that of the model asked for counts', () => {
  const asked = (model: string | null, requestModel: string | null) => {
    const usage = { ...noUsage, input: 1_000_000, output: 0 };
    const priced = price({ kind: 'azure', model, requestModel, usage, at }, builtIn);
    return 'costs' in priced ? priced.costs.total_cost : priced.status;
  };
  assert.equal(asked('gpt-4o-mini', 'gpt-4o'), 0.15);
  assert.equal(asked('our-deployment', 'gpt-4o'), 2.5);
  assert.equal(asked(null, 'gpt-4o'), 2.5);
  assert.equal(asked('our-deployment', 'our-deployment'), 'unpriced');
  const usage = { ...noUsage, input: 1, output: 1, serviceTier: 'priority' };
  const { status: inTier } = price({ kind: 'openai', model: 'gpt-5-nano', requestModel: 'gpt-5', usage, at }, builtIn);
  assert.equal(inTier, 'unpriced', 'listed, but not in this tier');
});

test('a pass is never priced at the model asked for, only at its own', () => {
  const pass = { model: 'no-such-model', usage: { ...noUsage, input: 1, output: 1 } };
  const usage = { ...noUsage, input: 1, output: 1, passes: [pass] };
  const model = 'claude-haiku-4-5';
  assert.equal(price({ kind: 'anthropic', model, requestModel: model, usage, at }, builtIn).status, 'unpriced');
});

test("Google's searches cost by the query since Gemini 3, by the request that searched before, xAI's by the search", () => {
  const searched = { input: 0, output: 0, webSearches: 3 };
  assert.equal(total('google', 'gemini-3-flash-preview', searched), 0.042);
  assert.equal(total('vertex', 'gemini-2.5-flash', searched), 0.035);
  assert.equal(total('google', 'gemini-2.5-flash', { ...searched, webSearches: 0 }), 0);
  assert.equal(total('google', 'gemini-2.5-flash', { ...searched, serviceTier: 'flex' }), 0.035);
  assert.equal(total('xai', 'grok-4.3', searched), 0.015);
});

test('a request price includes the searches of a model that has none for them', () => {
  assert.equal(total('perplexity', 'sonar', { input: 0, output: 0, webSearches: 3 }), 0.012);
});

test('a tier whose price nobody published is unpriced, not standard', () => {
  assert.equal(status('openai', 'gpt-5-nano', { input: 1, output: 1, serviceTier: 'priority' }), 'unpriced');
  assert.equal(status('mistral', 'codestral-latest', { input: 1, output: 1, serviceTier: 'batch' }), 'unpriced');
});

test('searches cost the same in every tier', () => {
  for (const serviceTier of [null, 'flex', 'priority']) {
    const { other_cost } = costs('openai', 'gpt-5', { input: 0, output: 0, webSearches: 3, serviceTier });
    assert.equal(other_cost, 0.03, String(serviceTier));
  }
});

test('passes inside a call replace its figures, each at its own model and its own context tier', () => {
  const main = { ...noUsage, input: 150_000, output: 1000 };
  const advisor = { model: 'claude-opus-4-5-20251101', usage: { ...noUsage, input: 1000, output: 100 } };
  const usage = {
    input: 7,
    output: 7,
    webSearches: 1,
    passes: [{ model: null, usage: main }, { model: null, usage: main }, advisor],
  };
  // Twice 150,000 at $3 (not at the price above 200,000), 1000 at $15; 1000 at $5, 100 at $25; one search.
  assert.equal(total('anthropic', 'claude-sonnet-4-5', usage), 2 * 0.465 + 0.0075 + 0.01);
});

test('one pass without a price makes the call unpriced', () => {
  const pass = { model: 'no-such-model', usage: { ...noUsage, input: 1, output: 1 } };
  assert.equal(status('anthropic', 'claude-sonnet-4-5', { input: 1, output: 1, passes: [pass] }), 'unpriced');
});

test('unknown usage is unmetered, an unknown model unpriced, and zero tokens cost a known 0', () => {
  assert.equal(status('openai', 'gpt-4o', {}), 'unmetered');
  assert.equal(status('openai', 'no-such-model-xyz', { input: 1, output: 1 }), 'unpriced');
  assert.equal(status('openai', null, { input: 1, output: 1 }), 'unpriced');
  assert.equal(status('ollama', 'llama3', { input: 1, output: 1 }), 'unpriced');
  assert.equal(total('openai', 'gpt-4o', { input: 0, output: 0 }), 0);
});

test('something used without any price for it makes the call unpriced, not cheaper', () => {
  const book = bookOf({ model: 'embedder', input: '0.1' });
  assert.equal(status('vllm', 'embedder', { input: 10, output: 0 }, book), 'priced');
  assert.equal(status('vllm', 'embedder', { input: 10, output: 5 }, book), 'unpriced');
  assert.equal(status('vllm', 'embedder', { input: 10, output: 0, webSearches: 1 }, book), 'unpriced');
});

test("the provider's own figure counts where no list has a price, and before every list when preferred", () => {
  const usage = { input: 1000, output: 1000, providerCost: '0.0042' };
  assert.equal(total('openrouter', 'nobody/knows', usage), 0.0042);
  assert.equal(total('openai', 'gpt-4o', usage), 0.0125);
  const preferring = openBook({ preferProviderCost: true }).book;
  const stated = costs('openai', 'gpt-4o', usage, preferring);
  assert.deepEqual(
    [stated.total_cost, stated.input_cost, stated.source, stated.catalogue_version],
    [0.0042, null, 'provider', null],
  );
});

test('where the answer alone can tell what is billed, it does: behind a router, and with fees by the depth of a search', () => {
  const usage = { input: 1000, output: 1000, providerCost: '0.0042' };
  assert.equal(total('openrouter', 'openai/gpt-4o', usage), 0.0042);
  assert.equal(total('perplexity', 'sonar', usage), 0.0042);
  assert.equal(
    total('openrouter', 'openai/gpt-4o', { input: 1000, output: 1000 }),
    0.0125,
    'by the list where it does not',
  );
});

test('a free name says nothing of what a paid model that stood in for it costs', () => {
  const usage: Usage = { ...noUsage, input: 1000, output: 1000 };
  const asked = {
    kind: 'openrouter',
    model: 'nobody/knows',
    requestModel: 'google/gemini-2.0-flash-exp:free',
    usage,
    at,
  };
  assert.equal(price(asked, builtIn).status, 'unpriced');
});

test('prices follow the date and the hour of the call', () => {
  const usage: Usage = { ...noUsage, input: 1_000_000, output: 0 };
  const when = (model: string, kind: string, moment: string) => {
    const priced = price({ kind, model, usage, at: Date.parse(moment) }, builtIn);
    return 'costs' in priced ? priced.costs.total_cost : priced.status;
  };
  assert.equal(when('o3', 'openai', '2025-06-09T23:59:59Z'), 10);
  assert.equal(when('o3', 'openai', '2025-06-10T00:00:00Z'), 2);
  assert.equal(when('deepseek-chat', 'deepseek', '2025-03-01T00:00:00Z'), 0.135, 'off-peak');
  assert.equal(when('deepseek-chat', 'deepseek', '2025-03-01T12:00:00Z'), 0.27);
  assert.equal(when('deepseek-chat', 'deepseek', '2025-09-29T00:00:00Z'), 0.28);
});

test('a name is found as a vendor writes it', () => {
  const usage = { input: 1_000_000, output: 0 };
  for (const [kind, model, dollars] of [
    ['azure', 'gpt-35-turbo', 0.5],
    ['azure', 'claude-haiku-4-5', 1],
    ['bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', 1.1],
    ['vertex', 'publishers/google/models/gemini-2.5-flash', 0.3],
    ['gemini', 'models/gemini-2.5-flash', 0.3],
    ['bedrock', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0', 1.1],
    ['bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', 1],
    [
      'bedrock',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0',
      1,
    ],
    ['bedrock', 'us.amazon.nova-pro-v1:0', 0.8],
    ['vertex', 'claude-haiku-4-5@20251001', 1],
    ['simulator', 'gpt-4o-mini', 0.15],
    ['portkey', 'claude-haiku-4-5', 1],
    ['x-ai', 'grok-4-fast-reasoning', 0.2],
    ['OpenAI', 'GPT-4o', 2.5],
  ] as const) {
    assert.equal(total(kind, model, usage), dollars, `${kind} ${model}`);
  }
});

test('hostile names cost no memory and no time', () => {
  for (const model of ['', 'constructor', '__proto__', `gpt-${'9'.repeat(100_000)}`, '\n\n', 'a'.repeat(257)]) {
    assert.equal(status('openai', model, { input: 1, output: 1 }), 'unpriced', model.slice(0, 20));
  }
  assert.equal(status('constructor', 'gpt-4o', { input: 1, output: 1 }), 'unpriced');
});

test('100,000 calls of 0.00000002 dollars are 0.002, in the sum of a budget and in the sum of what is printed', async () => {
  const book = bookOf({ model: 'tiny', input: '0.02' });
  const ledger = memoryLedger(() => at);
  const spans = [{ from: 0, until: Number.MAX_SAFE_INTEGER, account: 'a', beside: [] }];
  let printed = 0n;
  for (let call = 0; call < 100_000; call++) {
    const priced = price({ kind: 'vllm', model: 'tiny', usage: { ...noUsage, input: 1, output: 0 }, at }, book);
    assert.ok(priced.status === 'priced');
    const id = String(call);
    ledger.reserve({
      id,
      ttl: 1,
      journal: '',
      claims: [{ spans, limit: 10n ** 12n, amount: priced.total, shrinks: false }],
    });
    ledger.settle(id, [priced.total]);
    printed += costOf(JSON.stringify(priced.costs.total_cost)) ?? 0n;
  }
  const [after] = await ledger.balances(['a']);
  assert.deepEqual([dollarText(after?.spent ?? 0n), dollarText(printed)], ['0.002', '0.002']);
});

const count = fc.option(fc.nat({ max: 2_000_000 }), { nil: null });
const someUsage = fc.record({
  input: fc.nat({ max: 2_000_000 }),
  output: fc.nat({ max: 2_000_000 }),
  cacheRead: count,
  cacheWrite: count,
  cacheWrite1h: count,
  reasoning: count,
  inputAudio: count,
  outputAudio: count,
  inputImage: count,
  outputImage: count,
  inputVideo: count,
  audioSeconds: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: null }),
  webSearches: fc.option(fc.nat({ max: 100 }), { nil: null }),
  serviceTier: fc.constantFrom(null, 'flex', 'batch'),
});

test('whatever the usage says, the parts are not negative and add up to the total exactly', () => {
  const models = fc.constantFrom('gpt-5', 'gpt-4o', 'gpt-5.4', 'gpt-4.1-nano', 'both');
  const book = bookOf({
    model: 'both',
    input: '0.123456789',
    output: '7',
    audio_second: '0.000001234567',
    web_search_per_1000: '3',
  });
  fc.assert(
    fc.property(models, someUsage, (model, usage) => {
      const priced = price({ kind: 'openai', model, usage: { ...noUsage, ...usage }, at }, book);
      assert.ok(
        priced.status === 'priced' ||
          (usage.webSearches ?? 0) + (usage.audioSeconds ?? 0) > 0 ||
          (usage.reasoning ?? 0) > (usage.output ?? 0),
      );
      if (priced.status !== 'priced') return;
      const { total_cost, currency, source, catalogue_version, ...parts } = priced.costs;
      const pico = (dollars: number | null) => BigInt(Math.round((dollars ?? -1) * 1e12));
      const sum = Object.values(parts).reduce((so_far, part) => so_far + pico(part), 0n);
      assert.ok(Object.values(parts).every((part) => part !== null && part >= 0));
      assert.equal(sum, priced.total);
      assert.equal(total_cost, Number(dollarText(priced.total)));
    }),
  );
});
