/** Environmental impacts of one call, laid out as Otoroshi lays them out, by the method of EcoLogits. */
import { type Footprint, footprintOf } from './footprint.ts';
import { type Bounds, type Listing, listingOf, type Unlisted } from './listing.ts';

export interface ImpactQuestion {
  /** Vendor kind or alias. */
  readonly kind: string;
  /** The model that answered, as the vendor names it. */
  readonly model: string | null;
  /** The model that was asked for: it stands in, marked as mapped, where the one that answered is not listed. */
  readonly requestModel?: string | null;
  /** Output tokens, reasoning included. Input does not count; zero tokens still cost the time to the first one. */
  readonly outputTokens: number;
  /** Seconds from request to last byte; null when not known. Longer than the model needs is not charged. */
  readonly latencySeconds: number | null;
  /** ISO 3166-1 alpha-3 or `WOR`; absent: where the provider computes. */
  readonly zone?: string | null;
}

export interface Indicator<Unit extends string> {
  readonly value: { readonly min: number; readonly max: number; readonly avg: number };
  readonly unit: Unit;
}

interface Materials {
  readonly gwp: Indicator<'kgCO2eq'>;
  readonly adpe: Indicator<'kgSbeq'>;
  readonly pe: Indicator<'MJ'>;
}

interface Operation extends Materials {
  readonly energy: Indicator<'kWh'>;
  readonly water: Indicator<'L'>;
}

export interface Impacts extends Operation {
  readonly usage: Operation;
  readonly embodied: Materials;
  readonly method: 'ecologits';
  readonly version: string;
  readonly zone: string;
  readonly model: string;
  readonly mapped: boolean;
  readonly warnings: string[];
}

/** Version of the method and of the data beside it. */
const version = '0.11.3';

interface Estimator extends Listing {
  readonly low: ReturnType<typeof footprintOf>;
  /** The same function as `low` where neither the model nor the data centre is a range. */
  readonly high: ReturnType<typeof footprintOf>;
}

const bound = (bounds: Bounds, end: 'min' | 'max') => (typeof bounds === 'number' ? bounds : bounds[end]);

const estimatorOf = (listing: Listing): Estimator => {
  const { active, total, tps, ttft, pue, wue, mix } = listing;
  const at = (end: 'min' | 'max') =>
    footprintOf(
      { active: bound(active, end), total: bound(total, end), tps, ttft, pue: bound(pue, end), wue: bound(wue, end) },
      mix,
    );
  const ranged = [active, total, pue, wue].some((bounds) => typeof bounds !== 'number');
  const low = at('min');
  return { ...listing, low, high: ranged ? at('max') : low };
};

const limit = 2000;
const remembered = new Map<string, Estimator | Unlisted>();

const estimatorFor = (kind: string, model: string, zone: string | null): Estimator | Unlisted => {
  const key = `${kind}\n${model}\n${zone ?? ''}`;
  const known = remembered.get(key);
  if (known) return known;
  const listing = listingOf(kind, model, zone);
  const estimator = 'unknown' in listing ? listing : estimatorOf(listing);
  // Model names come from outside: a flood of invented ones empties the memory and never grows it.
  if (remembered.size >= limit) remembered.clear();
  remembered.set(key, estimator);
  return estimator;
};

const between = <Unit extends string>(min: number, max: number, unit: Unit): Indicator<Unit> => ({
  value: { min, max, avg: (min + max) / 2 },
  unit,
});

const layOut = (low: Footprint, high: Footprint) => {
  const [used, made] = [low.usage, low.embodied];
  const [usedMost, madeMost] = [high.usage, high.embodied];
  const energy = between(low.energy, high.energy, 'kWh');
  const water = between(low.water, high.water, 'L');
  return {
    energy,
    gwp: between(used.gwp + made.gwp, usedMost.gwp + madeMost.gwp, 'kgCO2eq'),
    adpe: between(used.adpe + made.adpe, usedMost.adpe + madeMost.adpe, 'kgSbeq'),
    pe: between(used.pe + made.pe, usedMost.pe + madeMost.pe, 'MJ'),
    water,
    usage: {
      energy,
      gwp: between(used.gwp, usedMost.gwp, 'kgCO2eq'),
      adpe: between(used.adpe, usedMost.adpe, 'kgSbeq'),
      pe: between(used.pe, usedMost.pe, 'MJ'),
      water,
    },
    embodied: {
      gwp: between(made.gwp, madeMost.gwp, 'kgCO2eq'),
      adpe: between(made.adpe, madeMost.adpe, 'kgSbeq'),
      pe: between(made.pe, madeMost.pe, 'MJ'),
    },
  };
};

/** The impacts of one call, or what of it EcoLogits does not know: then there is no figure, rather than a wrong one. */
export const impacts = (question: ImpactQuestion): Impacts | Unlisted => {
  const { kind, model, requestModel = null, outputTokens, latencySeconds, zone = null } = question;
  const answering: Estimator | Unlisted = model === null ? { unknown: 'model' } : estimatorFor(kind, model, zone);
  const standsIn = 'unknown' in answering && answering.unknown === 'model' && requestModel !== null;
  const estimator = standsIn ? estimatorFor(kind, requestModel, zone) : answering;
  if ('unknown' in estimator) return estimator;
  const latency = latencySeconds ?? Number.POSITIVE_INFINITY;
  const low = estimator.low(outputTokens, latency);
  const high = estimator.high === estimator.low ? low : estimator.high(outputTokens, latency);
  return {
    ...layOut(low, high),
    method: 'ecologits',
    version,
    zone: estimator.zone,
    model: estimator.model,
    mapped: estimator.mapped || standsIn,
    warnings: [...estimator.warnings],
  };
};
