/** Which model, data centre and electricity EcoLogits knows for a vendor's model. */
import { makerOf, plainModel, undated } from '../dialects/model-maker.ts';
import { ofMaker, vendorOf } from '../dialects/vendors.ts';
import mixes from './data/electricity_mixes.json' with { type: 'json' };
import models from './data/models.json' with { type: 'json' };
import type { ElectricityMix } from './footprint.ts';

export type Bounds = number | { readonly min: number; readonly max: number };

interface ModelRecord {
  readonly total: Bounds;
  readonly active: Bounds;
  readonly tps: number | null;
  readonly ttft: number | null;
  readonly warnings: readonly string[];
}

interface DataCentre {
  readonly zone: string;
  readonly pue: Bounds;
  readonly wue: Bounds;
}

/** Everything that the figures of one model in one zone are made of. */
export interface Listing extends ModelRecord {
  readonly model: string;
  /** The provider or the model was mapped to a listed one: our decision, not EcoLogits'. */
  readonly mapped: boolean;
  readonly zone: string;
  readonly pue: Bounds;
  readonly wue: Bounds;
  readonly mix: ElectricityMix;
}

export type Unlisted = { readonly unknown: 'model' | 'zone' | 'provider' };

// EcoLogits 0.11.3: where each provider computes, its power usage effectiveness, its litres of water per kWh.
const dataCentres: Readonly<Record<string, DataCentre>> = {
  anthropic: { zone: 'USA', pue: { min: 1.09, max: 1.14 }, wue: { min: 0.13, max: 0.999 } },
  cohere: { zone: 'USA', pue: 1.09, wue: 0.999 },
  google_genai: { zone: 'USA', pue: 1.09, wue: 0.999 },
  huggingface_hub: { zone: 'USA', pue: { min: 1.09, max: 1.14 }, wue: { min: 0.13, max: 0.99 } },
  mistralai: { zone: 'SWE', pue: 1.16, wue: 0.09 },
  openai: { zone: 'USA', pue: 1.2, wue: 0.569 },
};

type Zone = ElectricityMix & { readonly warnings: readonly string[] };
const zones = new Map<string, Zone>(Object.entries(mixes));
const records = new Map<string, ModelRecord | { readonly alias: string }>(Object.entries(models));

const recordOf = (provider: string, model: string): ModelRecord | null => {
  const found = records.get(`${provider}/${model}`);
  if (!found || !('alias' in found)) return found ?? null;
  const original = records.get(found.alias);
  return original && !('alias' in original) ? original : null;
};

/** What is listed for a vendor kind (or alias), a model as the vendor names it, and a zone (null: the provider's own). */
export const listingOf = (kind: string, model: string, zone: string | null): Listing | Unlisted => {
  const ecologits = vendorOf(kind)?.ecologits ?? null;
  if (!ecologits) return { unknown: 'provider' };
  const byMaker = ecologits.provider === ofMaker;
  const made = byMaker ? makerOf(model) : { kind, model: plainModel(model) };
  const provider = byMaker ? made && vendorOf(made.kind)?.ecologits?.provider : ecologits.provider;
  if (!made || !provider) return { unknown: 'model' };

  const exact = recordOf(provider, made.model);
  const name = exact ? made.model : undated(made.model);
  const record = exact ?? recordOf(provider, name);
  if (!record) return { unknown: 'model' };

  const dataCentre = dataCentres[provider];
  const zoneName = zone ?? dataCentre?.zone ?? 'WOR';
  const mix = zones.get(zoneName);
  if (!dataCentre || !mix) return { unknown: 'zone' };
  return {
    ...record,
    model: name,
    mapped: ecologits.mapped || !exact,
    zone: zoneName,
    pue: dataCentre.pue,
    wue: dataCentre.wue,
    mix,
    warnings: [...record.warnings, ...mix.warnings],
  };
};
