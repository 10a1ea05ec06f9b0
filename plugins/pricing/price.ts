/** What a call costs: its usage at the prices of the book, in exact decimals. */
import type { Usage } from '../usage.ts';
import type { PriceBook } from './book.ts';
import { costOf, dollars, rounded } from './money.ts';
import { type Rates, ratesFor, type Tariff } from './rates.ts';

export interface PriceQuestion {
  /** Vendor kind or alias, or a price provider id. */
  readonly kind: string;
  /** The model that answered; null when nobody said. */
  readonly model: string | null;
  readonly usage: Usage;
  /** When the call was made: epoch milliseconds. */
  readonly at: number;
}

/**
 * USD, at most 12 decimals; the total is the sum of the parts. The parts are null when only the provider's own total
 * is known.
 */
export interface Costs {
  /** Uncached text input. */
  readonly input_cost: number | null;
  /** Text output without reasoning. */
  readonly output_cost: number | null;
  readonly reasoning_cost: number | null;
  readonly cache_read_cost: number | null;
  readonly cache_write_cost: number | null;
  /** Audio, images, web searches, fees per request. */
  readonly other_cost: number | null;
  readonly total_cost: number;
  readonly currency: 'dollar';
  /** `config`, `litellm-file`, `genai-prices` (with our sourced tiers and corrections), or `provider`. */
  readonly source: string;
  readonly catalogue_version: string | null;
}

/** `total` in 1e-12 USD. Unpriced: no price is known for something that was used. Unmetered: usage is not known. */
export type Priced =
  | { readonly status: 'priced'; readonly total: bigint; readonly costs: Costs }
  | { readonly status: 'unpriced' }
  | { readonly status: 'unmetered' };

/** Sums in 1e-30 USD. */
interface Parts {
  input: bigint;
  output: bigint;
  reasoning: bigint;
  cacheRead: bigint;
  cacheWrite: bigint;
  other: bigint;
}

const unpriced: Priced = { status: 'unpriced' };

/** Adds up counts at their prices; a count without a price makes the whole call unpriced. */
class Bill {
  readonly parts: Parts = { input: 0n, output: 0n, reasoning: 0n, cacheRead: 0n, cacheWrite: 0n, other: 0n };
  complete = true;

  charge(part: keyof Parts, count: number, each: bigint | null): void {
    if (count === 0) return;
    if (each === null) this.complete = false;
    else this.parts[part] += BigInt(count) * each;
  }
}

/** Takes up to `wanted` from what is left: parts that claim more than the whole are clamped, in the order billed. */
const take = (left: number, wanted: number | null): number => Math.min(left, wanted ?? 0);

const chargeTokens = (bill: Bill, usage: Usage, rates: Rates): void => {
  let left = usage.input ?? 0;
  const cacheRead = take(left, usage.cacheRead);
  left -= cacheRead;
  const written = usage.cacheWrite ?? (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
  const cacheWrite = take(left, written);
  left -= cacheWrite;
  const cacheWrite1h = take(cacheWrite, usage.cacheWrite1h);
  const inputAudio = take(left, usage.inputAudio);
  left -= inputAudio;
  const inputImage = take(left, usage.inputImage);
  left -= inputImage;
  bill.charge('input', left, rates.input);
  bill.charge('cacheRead', cacheRead, rates.cacheRead);
  bill.charge('cacheWrite', cacheWrite - cacheWrite1h, rates.cacheWrite);
  bill.charge('cacheWrite', cacheWrite1h, rates.cacheWrite1h);
  bill.charge('other', inputAudio, rates.inputAudio);
  bill.charge('other', inputImage, rates.inputImage);

  left = usage.output ?? 0;
  const outputAudio = take(left, usage.outputAudio);
  left -= outputAudio;
  const outputImage = take(left, usage.outputImage);
  left -= outputImage;
  const reasoning = take(left, usage.reasoning);
  left -= reasoning;
  bill.charge('output', left, rates.output);
  bill.charge('reasoning', reasoning, rates.reasoning);
  bill.charge('other', outputAudio, rates.outputAudio);
  bill.charge('other', outputImage, rates.outputImage);
};

const isMetered = ({ input, output }: Usage): boolean => input !== null || output !== null;

const settled = ({ parts }: Bill, { source, version }: Tariff): Priced => {
  const input = rounded(parts.input);
  const output = rounded(parts.output);
  const reasoning = rounded(parts.reasoning);
  const cacheRead = rounded(parts.cacheRead);
  const cacheWrite = rounded(parts.cacheWrite);
  const other = rounded(parts.other);
  const total = input + output + reasoning + cacheRead + cacheWrite + other;
  const costs: Costs = {
    input_cost: dollars(input),
    output_cost: dollars(output),
    reasoning_cost: dollars(reasoning),
    cache_read_cost: dollars(cacheRead),
    cache_write_cost: dollars(cacheWrite),
    other_cost: dollars(other),
    total_cost: dollars(total),
    currency: 'dollar',
    source,
    catalogue_version: version,
  };
  return { status: 'priced', total, costs };
};

const asProviderSays = (stated: string | null): Priced | null => {
  const total = stated === null ? null : costOf(stated);
  if (total === null) return null;
  const costs: Costs = {
    input_cost: null,
    output_cost: null,
    reasoning_cost: null,
    cache_read_cost: null,
    cache_write_cost: null,
    other_cost: null,
    total_cost: dollars(total),
    currency: 'dollar',
    source: 'provider',
    catalogue_version: null,
  };
  return { status: 'priced', total, costs };
};

const byTheBook = ({ kind, model, usage, at }: PriceQuestion, book: PriceBook): Priced => {
  // Passes inside one call are billed each at its own model's price, and replace the figures of the call.
  const passes = usage.passes?.filter((pass) => isMetered(pass.usage)) ?? [];
  const billed = passes.length > 0 ? passes : [{ model: null, usage }];
  const searches = usage.webSearches ?? passes.reduce((sum, pass) => sum + (pass.usage.webSearches ?? 0), 0);
  const bill = new Bill();
  let first: Tariff | null = null;
  for (const pass of billed) {
    const name = pass.model ?? model;
    const served = pass.usage.serviceTier ?? usage.serviceTier;
    const tariff = name === null ? null : book.tariffOf(kind, name, served);
    const rates = tariff && ratesFor(tariff, pass.usage.input ?? 0, at);
    if (!tariff || !rates || (rates.input === null && rates.output === null)) return unpriced;
    chargeTokens(bill, pass.usage, rates);
    if (rates.request !== null) bill.charge('other', 1, rates.request);
    if (first === null) bill.charge('other', searches, rates.webSearch);
    first ??= tariff;
  }
  return bill.complete && first ? settled(bill, first) : unpriced;
};

/**
 * The cost of a call. The provider's own figure counts when the book prefers it, or when no list has a price.
 */
export const price = (question: PriceQuestion, book: PriceBook): Priced => {
  const { usage } = question;
  const stated = asProviderSays(usage.providerCost);
  if (stated && book.preferProviderCost) return stated;
  const metered = isMetered(usage) || (usage.passes?.some((pass) => isMetered(pass.usage)) ?? false);
  if (!metered) return stated ?? { status: 'unmetered' };
  const priced = byTheBook(question, book);
  return priced.status === 'unpriced' && stated ? stated : priced;
};
