/** A price file in LiteLLM's format (`model_prices_and_context_window.json`): USD per token, tiers in the key names. */
import { makerOf, plainModel } from '../dialects/model-maker.ts';
import { ofMaker, vendorOf } from '../dialects/vendors.ts';
import { priceEach } from './money.ts';
import { type RateName, type StatedRate, sheetOf, type Tariff } from './rates.ts';
import type { Tier } from './tiers.ts';

const rateNames: Readonly<Record<string, RateName>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
  input_cost_per_image_token: 'inputImage',
  output_cost_per_image_token: 'outputImage',
  input_cost_per_request: 'request',
};

const tierNames: Readonly<Record<string, Tier>> = { priority: 'priority', flex: 'flex', batches: 'batch' };

const keyPattern = /^([a-z_]+?(?:_above_1hr)?)(?:_above_(\d+)k_tokens)?(?:_(priority|flex|batches))?$/;

/** Prices per tier; the standard ones under null. */
type Prices = ReadonlyMap<Tier | null, Tariff>;

export interface PriceFile {
  tariffOf(kind: string, model: string, tier: Tier | null): Tariff | null;
}

const tariff = (stated: readonly StatedRate[]): Tariff => ({
  source: 'litellm-file',
  version: null,
  periods: [{ from: null, daily: null, sheet: sheetOf(stated) }],
});

const pricesOf = (entry: Readonly<Record<string, unknown>>, place: string, problems: string[]): Prices => {
  const byTier = new Map<Tier | null, StatedRate[]>();
  // xAI's tiers begin at the threshold, everybody else's above it.
  const atThreshold = entry['litellm_provider'] === 'xai' ? 1 : 0;
  const add = (name: RateName, thousands: string | undefined, tier: Tier | null, key: string, value: unknown) => {
    const each = typeof value === 'string' ? priceEach(value, 0) : null;
    if (each === null) {
      problems.push(`${place}.${key}: ${JSON.stringify(value)} is not a price in USD such as 2.5e-06`);
      return;
    }
    const above = thousands === undefined ? -1 : Number(thousands) * 1000 - atThreshold;
    byTier.set(tier, [...(byTier.get(tier) ?? []), { name, above, each }]);
  };
  for (const [key, value] of Object.entries(entry)) {
    const [, base = '', thousands, tier] = keyPattern.exec(key) ?? [];
    const name = Object.hasOwn(rateNames, base) ? rateNames[base] : undefined;
    if (name && value !== null) add(name, thousands, tier ? (tierNames[tier] ?? null) : null, key, value);
  }
  const perSearch = entry['search_context_cost_per_query'];
  if (typeof perSearch === 'object' && perSearch !== null && 'search_context_size_medium' in perSearch) {
    const key = 'search_context_cost_per_query.search_context_size_medium';
    add('webSearch', undefined, null, key, String(perSearch.search_context_size_medium));
  }
  const standard = byTier.get(null) ?? [];
  // What a tier does not name costs what it costs otherwise.
  return new Map(
    [...byTier].map(([tier, stated]) => [tier, tariff(tier === null ? stated : [...standard, ...stated])]),
  );
};

/** Numbers of cost keys become strings before anything reads them as floats: 2.5e-06 stays 2.5e-06. */
const withExactCosts = (text: string): string =>
  text.replace(/("[a-z0-9_]*cost[a-z0-9_]*"\s*:\s*)(-?\d[\d.eE+-]*)/g, '$1"$2"');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `azure/gpt-4o` of provider `azure`, `vertex_ai/…` of `vertex_ai-language-models`: the name without its provider. */
const nameWithin = (key: string, provider: string): string => {
  const slash = key.indexOf('/');
  return slash > 0 && provider.startsWith(key.slice(0, slash)) ? key.slice(slash + 1) : key;
};

const parsed = (text: string, file: string, problems: string[]): Record<string, unknown> => {
  try {
    const content: unknown = JSON.parse(withExactCosts(text));
    if (isRecord(content)) return content;
    problems.push(`${file}: a price file is a JSON object with one entry per model`);
  } catch (error) {
    problems.push(`${file}: not JSON: ${error instanceof Error ? error.message : error}`);
  }
  return {};
};

/** Reads a price file; what is wrong with an entry is added to `problems` with its place, the others count. */
export const priceFile = (text: string, file: string, problems: string[]): PriceFile => {
  const byProvider = new Map<string, Map<string, Prices>>();
  for (const [key, entry] of Object.entries(parsed(text, file, problems))) {
    if (key === 'sample_spec') continue;
    if (!isRecord(entry)) {
      problems.push(`${file}: ${JSON.stringify(key)}: an entry is an object of prices`);
      continue;
    }
    const prices = pricesOf(entry, `${file}: ${JSON.stringify(key)}`, problems);
    if (prices.size === 0) continue;
    const provider = typeof entry['litellm_provider'] === 'string' ? entry['litellm_provider'] : '';
    const models = byProvider.get(provider) ?? new Map<string, Prices>();
    byProvider.set(provider, models.set(nameWithin(key, provider).toLowerCase(), prices));
  }
  return { tariffOf: (kind, model, tier) => lookUp(byProvider, kind, model)?.get(tier) ?? null };
};

const lookUp = (
  byProvider: ReadonlyMap<string, ReadonlyMap<string, Prices>>,
  kind: string,
  asked: string,
): Prices | null => {
  const vendor = vendorOf(kind);
  const made = vendor?.prices === ofMaker ? makerOf(asked) : null;
  const patterns = made ? (vendorOf(made.kind)?.litellm ?? []) : (vendor?.litellm ?? [kind]);
  const names = [made?.model ?? asked, plainModel(asked)].map((name) => name.toLowerCase());
  for (const [provider, models] of byProvider) {
    const applies = provider === '' || patterns.some((pattern) => isOf(provider, pattern));
    const found = applies && names.map((name) => models.get(name)).find((prices) => prices);
    if (found) return found;
  }
  return null;
};

const isOf = (provider: string, pattern: string): boolean =>
  pattern.endsWith('*') ? provider.startsWith(pattern.slice(0, -1)) : provider === pattern;
