/** A price file in LiteLLM's format (`model_prices_and_context_window.json`): USD per token or piece, tiers in the key names. */
import { makerOf, plainModel, undated } from '../dialects/model-maker.ts';
import { ofMaker, vendorOf } from '../dialects/vendors.ts';
import { type Entry, type Stated, statedIn, variantPrice } from './litellm-entry.ts';
import { withoutOwner } from './own-list.ts';
import { type StatedRate, sheetOf, type Tariff } from './rates.ts';
import type { Tier } from './tiers.ts';

/** A price file as it was read. */
export interface PriceText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
  /** What tells its versions apart, for the event; absent: unknown. */
  readonly version?: string;
}

/** Prices per tier; the standard ones under null. */
type Prices = ReadonlyMap<Tier | null, Tariff>;

export interface PriceFile {
  tariffOf(kind: string, model: string, tier: Tier | null): Tariff | null;
}

const pricesOf = (byTier: Stated, version: string | null): Prices => {
  const standard = byTier.get(null) ?? [];
  const tariff = (stated: readonly StatedRate[]): Tariff => ({
    source: 'litellm-file',
    version,
    periods: [{ from: null, daily: null, sheet: sheetOf(stated) }],
  });
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

/** `hd/1024-x-1792/dall-e-3`: a model, and what of it the entry prices, `hd/1024x1792`. */
const variantPattern = /^((?:[a-z]+\/)?)(\d{2,5})-x-(\d{2,5})\/([^/]+)$/;

const parsed = ({ name, text }: PriceText, problems: string[]): Record<string, unknown> => {
  try {
    const content: unknown = JSON.parse(withExactCosts(text));
    if (isRecord(content)) return content;
    problems.push(`${name}: a price file is a JSON object with one entry per model`);
  } catch (error) {
    problems.push(`${name}: not JSON: ${error instanceof Error ? error.message : error}`);
  }
  return {};
};

/** Models and their prices, under each value of `litellm_provider`. */
class Models {
  readonly #byProvider = new Map<string, Map<string, Prices>>();

  set(provider: string, model: string, prices: Prices): void {
    const models = this.#byProvider.get(provider) ?? new Map<string, Prices>();
    this.#byProvider.set(provider, models.set(model, prices));
  }

  /** Adds the price of one variant to a model that may have others, or prices beside. */
  addVariant(provider: string, model: string, variant: string, each: bigint, version: string | null): void {
    const prices = this.#byProvider.get(provider)?.get(model) ?? pricesOf(new Map([[null, []]]), version);
    const standard = prices.get(null);
    if (!standard) return;
    const variants = new Map([...(standard.variants ?? []), [variant, each]]);
    this.set(provider, model, new Map([...prices, [null, { ...standard, variants }]]));
  }

  find(patterns: readonly string[], names: readonly string[]): Prices | null {
    for (const [provider, models] of this.#byProvider) {
      const applies = provider === '' || patterns.some((pattern) => isOf(provider, pattern));
      const found = applies && names.map((name) => models.get(name)).find((prices) => prices);
      if (found) return found;
    }
    return null;
  }
}

const isOf = (provider: string, pattern: string): boolean =>
  pattern.endsWith('*') ? provider.startsWith(pattern.slice(0, -1)) : provider === pattern;

/** Reads a price file; what is wrong with an entry is added to `problems` with its place, the others count. */
export const priceFile = (file: PriceText, problems: string[]): PriceFile => {
  const version = file.version ?? null;
  const models = new Models();
  const variants: { provider: string; entry: Entry; match: RegExpExecArray }[] = [];
  for (const [key, entry] of Object.entries(parsed(file, problems))) {
    if (key === 'sample_spec') continue;
    if (!isRecord(entry)) {
      problems.push(`${file.name}: ${JSON.stringify(key)}: an entry is an object of prices`);
      continue;
    }
    const provider = typeof entry['litellm_provider'] === 'string' ? entry['litellm_provider'] : '';
    const name = nameWithin(key, provider).toLowerCase();
    const match = variantPattern.exec(name);
    if (match) {
      variants.push({ provider, entry, match });
      continue;
    }
    const byTier = statedIn(entry, `${file.name}: ${JSON.stringify(key)}`, problems);
    if (byTier.size > 0) models.set(provider, name, pricesOf(byTier, version));
  }
  for (const { provider, entry, match } of variants) {
    const [, quality = '', width, height, model = ''] = match;
    const size = `${width}x${height}`;
    const each = variantPrice(entry, size);
    if (each !== null) models.addVariant(provider, model, `${quality}${size}`, each, version);
  }
  return { tariffOf: (kind, model, tier) => lookUp(models, kind, model)?.get(tier) ?? null };
};

/** The name as it was asked for, at its maker's, without what stands around it, and without its date. */
const lookUp = (models: Models, kind: string, asked: string): Prices | null => {
  const vendor = vendorOf(kind);
  const made = vendor?.prices === ofMaker ? makerOf(asked) : null;
  const patterns = made ? (vendorOf(made.kind)?.litellm ?? []) : (vendor?.litellm ?? [kind]);
  const names = [made?.model ?? asked, plainModel(asked)].map((name) => withoutOwner(name.toLowerCase()));
  return models.find(patterns, names) ?? models.find(patterns, names.map(undated));
};
