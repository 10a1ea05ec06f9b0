/** The built-in price list: genai-prices' catalogue, looked up by its own rules. */
import document from './catalogue.generated.json' with { type: 'json' };
import { priceEach } from './money.ts';
import { type Period, type StatedRate, sheetOf, type WrittenRates, writtenRates } from './rates.ts';

type Rule =
  | { readonly or: readonly Rule[] }
  | { readonly and: readonly Rule[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

/** A decimal in USD, or `[base, above, decimal, above, decimal…]`. */
type WrittenRate = string | readonly (string | number)[];

interface WrittenPeriod {
  readonly from?: string;
  readonly daily?: readonly [number, number];
  readonly rates: Readonly<Record<string, WrittenRate>>;
}

interface Model {
  readonly id: string;
  readonly rule?: Rule;
  readonly periods: readonly WrittenPeriod[];
}

interface Provider {
  readonly fallback: readonly string[];
  readonly models: readonly Model[];
  readonly names: Readonly<Record<string, number>>;
}

export interface CatalogueEntry {
  /** Provider whose list it stands in: a fallback's where the asked one has none. */
  readonly provider: string;
  readonly model: string;
  readonly periods: readonly Period[];
}

const catalogue = document as unknown as {
  readonly source: { readonly version: string };
  readonly providers: Readonly<Record<string, Provider>>;
};

export const catalogueVersion = catalogue.source.version;

const written: WrittenRates = {
  ...writtenRates,
  cache_write: ['cacheWrite', 6],
  request_per_1000: ['request', 3],
};

const statedRates = ([key, rate]: readonly [string, WrittenRate]): StatedRate[] => {
  const [name, power] = written[key] ?? [];
  if (name === undefined || power === undefined) return [];
  const pairs = typeof rate === 'string' ? [-1, rate] : [-1, ...rate];
  const stated: StatedRate[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const each = priceEach(String(pairs[at + 1]), power);
    if (each !== null) stated.push({ name, above: Number(pairs[at]), each });
  }
  return stated;
};

const periodOf = ({ from, daily, rates }: WrittenPeriod): Period => ({
  from: from === undefined ? null : Date.parse(from),
  daily: daily ?? null,
  sheet: sheetOf(Object.entries(rates).flatMap(statedRates)),
});

const matches = (rule: Rule, name: string): boolean => {
  if ('or' in rule) return rule.or.some((part) => matches(part, name));
  if ('and' in rule) return rule.and.every((part) => matches(part, name));
  if ('equals' in rule) return name === rule.equals;
  if ('starts_with' in rule) return name.startsWith(rule.starts_with);
  if ('ends_with' in rule) return name.endsWith(rule.ends_with);
  if ('contains' in rule) return name.includes(rule.contains);
  return new RegExp(rule.regex).test(name);
};

const providerOf = (id: string): Provider | null =>
  Object.hasOwn(catalogue.providers, id) ? (catalogue.providers[id] ?? null) : null;

const inList = (id: string, name: string): CatalogueEntry | null => {
  const provider = providerOf(id);
  if (!provider) return null;
  const exact = Object.hasOwn(provider.names, name) ? provider.models[provider.names[name] ?? -1] : undefined;
  const model = exact ?? provider.models.find(({ rule }) => rule && matches(rule, name));
  return model ? { provider: id, model: model.id, periods: model.periods.map(periodOf) } : null;
};

const inLists = (id: string, name: string): CatalogueEntry | null => {
  for (const list of [id, ...(providerOf(id)?.fallback ?? [])]) {
    const entry = inList(list, name);
    if (entry) return entry;
  }
  return null;
};

/** `-20250929` and `-2025-09-29` name the same snapshot. */
const withDashes = (name: string): string => name.replace(/-(20\d\d)([01]\d)([0-3]\d)(?=-|:|$)/g, '-$1-$2-$3');

export const isCatalogued = (providerId: string): boolean => providerOf(providerId) !== null;

/** The entry for a model name; null when the catalogue has none. Not remembered here, and so not for the hot path. */
export const catalogueEntry = (providerId: string, model: string): CatalogueEntry | null => {
  const name = model.toLowerCase().trim();
  return inLists(providerId, name) ?? (withDashes(name) === name ? null : inLists(providerId, withDashes(name)));
};
