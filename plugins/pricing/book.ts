/** The price book: the user's prices, then price files, then the built-in lists with their tiers and corrections. */
import { makerOf, plainModel } from '../dialects/model-maker.ts';
import { ofMaker, vendorOf } from '../dialects/vendors.ts';
import { catalogueEntry, catalogueVersion, isCatalogued } from './catalogue.ts';
import { correctedPeriods } from './corrections.ts';
import { type PriceText, priceFile } from './litellm.ts';
import { ownTariff } from './own-list.ts';
import type { Tariff } from './rates.ts';
import { withSearches } from './searches.ts';
import { type StatedPrice, statedPrices } from './stated-prices.ts';
import { periodsInTier, type Tier, tierOf } from './tiers.ts';

export interface PriceBook {
  /** The provider's own statement of the cost counts before every list. */
  readonly preferProviderCost: boolean;
  /** The prices of a model at a vendor (kind, alias or price provider id) in a service tier as served; null: unknown. */
  tariffOf(kind: string, model: string, serviceTier: string | null): Tariff | null;
}

export interface PriceSources {
  readonly config?: readonly StatedPrice[];
  /** Price files in LiteLLM's format; the first that has a model counts. */
  readonly litellm?: readonly PriceText[];
  readonly preferProviderCost?: boolean;
}

/** A model name of this length is no model's, and not worth matching against patterns. */
const longestName = 256;
const remembered = 4000;

/** A listed price in a tier: pictures and film by their size have one only in the standard tier. */
const inTier = (provider: string, model: string, listed: Tariff, tier: Tier | null): Tariff | null => {
  if (tier === null) return listed;
  const periods = periodsInTier(provider, model, listed.periods, tier);
  return periods && { source: listed.source, version: listed.version, periods };
};

const builtIn = (provider: string, asked: string, tier: Tier | null): Tariff | null => {
  const made = makerOf(asked);
  const listed = ownTariff(provider, plainModel(asked)) ?? (made && ownTariff(provider, made.model));
  if (listed) return inTier(provider, asked, listed, tier);
  const entry = catalogueEntry(provider, asked) ?? (made && catalogueEntry(provider, made.model));
  if (!entry) return null;
  const corrected = correctedPeriods(entry.provider, entry.model, asked, entry.periods);
  const standard = {
    source: 'genai-prices',
    version: catalogueVersion,
    periods: withSearches(entry.provider, entry.model, corrected ?? entry.periods),
  };
  return inTier(provider, entry.model, standard, tier);
};

/** The catalogue's provider for a vendor and model; null where the user alone knows the price. */
const providerFor = (kind: string, model: string): string | null => {
  const vendor = vendorOf(kind);
  if (!vendor) return isCatalogued(kind) ? kind : null;
  if (vendor.prices !== ofMaker) return vendor.prices;
  const made = makerOf(model);
  return (made && vendorOf(made.kind)?.prices) ?? null;
};

/** Opens the book. What is wrong with a source is in `problems`, with its place; the rest of it counts. */
export const openBook = (sources: PriceSources = {}): { book: PriceBook; problems: string[] } => {
  const problems: string[] = [];
  const stated = statedPrices(sources.config ?? [], problems);
  const files = (sources.litellm ?? []).map((file) => priceFile(file, problems));

  const lookUp = (kind: string, model: string, served: string | null): Tariff | null => {
    if (model.length > longestName) return null;
    const canonical = vendorOf(kind)?.kind ?? kind.toLowerCase();
    const own = stated.tariffOf(canonical, model);
    if (own) return own;
    const tier = tierOf(served);
    for (const file of files) {
      const listed = file.tariffOf(canonical, model, tier);
      if (listed) return listed;
    }
    const provider = providerFor(canonical, model);
    return provider === null ? null : builtIn(provider, model, tier);
  };

  const known = new Map<string, Tariff | null>();
  const book: PriceBook = {
    preferProviderCost: sources.preferProviderCost ?? false,
    tariffOf: (kind, model, serviceTier) => {
      const key = `${kind}\n${model}\n${serviceTier ?? ''}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const tariff = lookUp(kind, model, serviceTier);
      // Model names come from outside: a flood of invented ones empties the memory and never grows it.
      if (known.size >= remembered) known.clear();
      known.set(key, tariff);
      return tariff;
    },
  };
  return { book, problems };
};
