/** The user's own prices, from the configuration: the first layer, above every list. */
import { undated } from '../dialects/model-maker.ts';
import { vendorOf } from '../dialects/vendors.ts';
import { isCatalogued } from './catalogue.ts';
import { priceEach } from './money.ts';
import { type StatedRate, sheetOf, type Tariff, type WrittenRates, writtenRates } from './rates.ts';

/** Decimal strings; USD per million tokens or characters, per thousand searches, or per piece. They hold for every service tier. */
export interface StatedPrice {
  /** Vendor kind or alias; absent: any. */
  readonly provider?: string;
  /** A model name, `*` standing for any text. */
  readonly model: string;
  readonly input?: string;
  readonly output?: string;
  readonly cache_read?: string;
  readonly cache_write_5m?: string;
  readonly cache_write_1h?: string;
  readonly reasoning?: string;
  readonly input_audio?: string;
  readonly output_audio?: string;
  readonly input_image?: string;
  readonly output_image?: string;
  readonly input_video?: string;
  readonly audio_second?: string;
  readonly input_characters?: string;
  readonly image?: string;
  readonly video_second?: string;
  readonly page?: string;
  readonly search_unit?: string;
  readonly web_search_per_1000?: string;
}

const rateNames: WrittenRates = { ...writtenRates, cache_write_5m: ['cacheWrite', 6] };

/** Of which at least one must be stated: what a model can be sold by. */
const soldBy = [
  'input',
  'output',
  'audio_second',
  'input_characters',
  'image',
  'video_second',
  'page',
  'search_unit',
] as const;

export interface StatedPrices {
  /**
   * The prices that the user states for a model: an exact name before a pattern, then the first written; where there is
   * none, those of its name without a date.
   */
  tariffOf(kind: string, model: string): Tariff | null;
}

interface Entry {
  readonly kind: string | null;
  readonly model: string;
  readonly pattern: RegExp | null;
  readonly tariff: Tariff;
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const patternOf = (model: string): RegExp | null =>
  model.includes('*') ? new RegExp(`^${model.split(/\*+/).map(literal).join('.*')}$`, 's') : null;

const canonical = (provider: string): string => vendorOf(provider)?.kind ?? provider.toLowerCase();

const entryOf = (price: StatedPrice, place: string, problems: string[]): Entry | null => {
  const { provider, model, ...rates } = price;
  const before = problems.length;
  const problem = (key: string, message: string) => problems.push(`${place}.${key}: ${message}`);
  if (typeof model !== 'string' || model.trim() === '') problem('model', 'a model name is missing');
  if (provider !== undefined && !vendorOf(provider) && !isCatalogued(canonical(provider)))
    problem('provider', `"${provider}" is not a vendor kind`);
  if (soldBy.every((key) => rates[key] === undefined))
    problem('input', `state a price: one or more of ${soldBy.join(', ')}`);
  const stated: StatedRate[] = [];
  for (const [key, text] of Object.entries(rates)) {
    const [name, power] = (Object.hasOwn(rateNames, key) && rateNames[key]) || [];
    const each = typeof text === 'string' && power !== undefined ? priceEach(text, power) : null;
    if (!name) problem(key, `not a price; one of ${Object.keys(rateNames).join(', ')}`);
    else if (each === null) problem(key, `"${text}" is not a decimal such as "2.50"`);
    else stated.push({ name, above: -1, each });
  }
  if (problems.length > before) return null;
  const tariff = { source: 'config', version: null, periods: [{ from: null, daily: null, sheet: sheetOf(stated) }] };
  return {
    kind: provider === undefined ? null : canonical(provider),
    model,
    pattern: patternOf(model),
    tariff,
  };
};

/** Reads the configuration's prices; what is wrong with an entry is added to `problems` with its place. */
export const statedPrices = (prices: readonly StatedPrice[], problems: string[]): StatedPrices => {
  const entries = prices
    .map((price, index) => entryOf(price, `prices[${index}]`, problems))
    .filter((entry) => entry !== null)
    // Stable: what is written first stays first among equals.
    .sort((one, other) => Number(one.pattern !== null) - Number(other.pattern !== null));
  const find = (kind: string, model: string): Tariff | null =>
    entries.find(
      (entry) =>
        (entry.kind === null || entry.kind === kind) &&
        (entry.pattern ? entry.pattern.test(model) : entry.model === model),
    )?.tariff ?? null;
  return {
    tariffOf: (kind, model) => find(kind, model) ?? (undated(model) === model ? null : find(kind, undated(model))),
  };
};
