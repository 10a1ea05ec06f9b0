/** Costs against other people's calculators: genai-prices' own, and recorded figures of it and LiteLLM. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { calcPrice, type MatchLogic, type ModelInfo, waitForUpdate } from '@pydantic/genai-prices';
import { openBook } from '../../plugins/pricing/book.ts';
import { corrections } from '../../plugins/pricing/corrections.ts';
import { ownList } from '../../plugins/pricing/own-list.ts';
import { price } from '../../plugins/pricing/price.ts';
import { searchPrices } from '../../plugins/pricing/searches.ts';
import { multipliers, openaiPriority } from '../../plugins/pricing/tiers.ts';
import { noUsage, type Usage } from '../../plugins/usage.ts';

const { book } = openBook();
/** 1e-9 relative, and what rounding to 1e-12 dollars moves. */
const near = (one: number, other: number) => Math.abs(one - other) <= 1e-9 * Math.max(one, other) + 3e-12;

const namesIn = (rule: MatchLogic): string[] =>
  'equals' in rule
    ? [rule.equals]
    : 'starts_with' in rule
      ? [`${rule.starts_with}-x`]
      : 'or' in rule
        ? rule.or.flatMap(namesIn)
        : [];

const hasTokenPrices = ({ prices }: ModelInfo): boolean =>
  (Array.isArray(prices) ? prices.map((one) => one.prices) : [prices]).every(
    (one) => Object.keys(one).length === 0 || ('input_mtok' in one && 'output_mtok' in one),
  );

test('every name in the catalogue costs what genai-prices says, in and above long context, on any day and hour', async (t) => {
  const corrected = new Set(
    corrections.flatMap(({ provider, models }) => models.map((model) => `${provider}/${model}`)),
  );
  const moments = ['2025-01-15T00:00:00Z', '2026-11-01T12:00:00Z', '2026-11-02T02:00:00Z'].map(
    (moment) => new Date(moment),
  );
  let checked = 0;
  for (const provider of (await waitForUpdate()) ?? []) {
    for (const name of provider.models.filter(hasTokenPrices).flatMap(({ match }) => namesIn(match))) {
      for (const [timestamp, input] of moments.flatMap((moment) => [
        [moment, 1000] as const,
        [moment, 900_000] as const,
      ])) {
        const tokens = { input_tokens: input, output_tokens: 500, cache_read_tokens: 300, cache_write_tokens: 200 };
        const expected = calcPrice(tokens, name, { providerId: provider.id, timestamp });
        if (
          !expected ||
          corrected.has(`${expected.provider.id}/${expected.model.id}`) ||
          corrected.has(`${provider.id}/${name}`)
        )
          continue;
        const usage: Usage = { ...noUsage, input, output: 500, cacheRead: 300, cacheWrite: 200 };
        const priced = price({ kind: provider.id, model: name, usage, at: timestamp.getTime() }, book);
        // A model matched by a pattern may be one that is priced by the hour or the page.
        if (priced.status === 'unpriced' && !hasTokenPrices(expected.model)) continue;
        assert.ok('costs' in priced, `${provider.id}/${name}: ${priced.status}`);
        assert.ok(
          near(priced.costs.total_cost, expected.total_price),
          `${provider.id}/${name}: ${priced.costs.total_cost}, not ${expected.total_price}`,
        );
        checked++;
      }
    }
  }
  t.diagnostic(`${checked} prices checked`);
  assert.ok(checked > 10_000);
});

test('the documentation names the source of every tier, correction and price of our own', () => {
  const page = readFileSync(new URL('../../docs/pricing.md', import.meta.url), 'utf8');
  for (const { source } of [...multipliers, ...openaiPriority, ...corrections, ...searchPrices])
    assert.ok(page.includes(source), source);
  for (const { models } of corrections) for (const model of models) assert.ok(page.includes(`\`${model}\``), model);
  for (const { models, rates, variants, source } of ownList) {
    const row = page.split('\n').find((line) => line.includes(`\`${models[0]}\``) && line.includes(source));
    assert.ok(row, `${models[0]} of ${source}`);
    for (const model of models) assert.ok(row.includes(`\`${model}\``), model);
    // Prices by the second of sound stand there by the minute or hour.
    const prices = [...Object.values(rates), ...Object.values(variants ?? {})].filter((price) => price.length < 20);
    for (const price of prices) assert.ok(row.includes(price), `${models[0]}: ${price}`);
  }
});

interface RecordedCost {
  name: string;
  genai_provider: string;
  genai_model: string;
  litellm_provider: string;
  service_tier: string | null;
  tokens: Record<string, number>;
  litellm: { total_completion_cost?: number };
  genai_prices: { total_price?: string };
}

/** Where the two differ: what we say, by the table of docs/pricing.md. Null: unpriced. */
const decided: Readonly<Record<string, number | null>> = {
  'openai audio gpt-4o-audio-preview': 0.063375,
  'openai audio gpt-4o-mini-audio-preview': 0.0155825,
  'anthropic above 200k claude-sonnet-4-5-20250929': 1.5225,
  'google plain gemini-2.0-flash': 0.00056,
  'google plain gemini-3-pro-preview': 0.0148,
  'mistral mistral-large-latest': 0.00125,
  'cohere command-r-plus': 0.0075,
  'deepseek cache hit deepseek-chat': 0.000661808,
  'deepseek reasoner deepseek-reasoner': 0.002114,
  'groq llama-3.3-70b-versatile': 0.000985,
  'xai grok-4-fast-reasoning': 0.0004116,
  'ollama free llama3': null,
  'unknown model no-such-model-xyz': null,
};

const shared = process.env['LLM_AUDIT_SHARED'] ?? '../shared';
const file = join(shared, 'parity/costs.json');

test('recorded costs: where LiteLLM and genai-prices agree we agree, elsewhere the documented choice holds', {
  skip: !existsSync(file) && `${file} is not there`,
}, (t) => {
  const { cases, genai_request_timestamp }: { cases: RecordedCost[]; genai_request_timestamp: string } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  const at = Date.parse(genai_request_timestamp);
  let agreed = 0;
  for (const { name, genai_model: model, tokens, litellm, genai_prices, ...one } of cases) {
    const usage: Usage = {
      ...noUsage,
      input: tokens['prompt'] ?? null,
      output: tokens['completion'] ?? null,
      cacheRead: tokens['cached'] ?? null,
      cacheWrite: tokens['cache_write'] ?? null,
      cacheWrite1h: tokens['cache_write_1h'] ?? null,
      reasoning: tokens['reasoning'] ?? null,
      inputAudio: tokens['audio_in'] ?? null,
      outputAudio: tokens['audio_out'] ?? null,
      serviceTier: one.service_tier,
    };
    const figures = [one.genai_provider, one.litellm_provider].map((kind) => {
      const priced = price({ kind, model, usage, at }, book);
      return 'costs' in priced ? priced.costs.total_cost : null;
    });
    const [one_says, other_says] = [litellm.total_completion_cost, genai_prices.total_price];
    const agree = one_says !== undefined && other_says !== undefined && near(one_says, Number(other_says));
    const expected = agree ? Number(other_says) : decided[`${name} ${model}`];
    assert.notEqual(expected, undefined, `${name} ${model}: they differ and nothing is decided`);
    for (const figure of figures) {
      const same =
        expected === null || expected === undefined || figure === null ? figure === expected : near(figure, expected);
      assert.ok(same, `${name} ${model}: ${figure}, not ${expected}`);
    }
    if (agree) agreed++;
  }
  t.diagnostic(`${cases.length} cases checked: ${agreed} where both agree, ${cases.length - agreed} decided`);
});
