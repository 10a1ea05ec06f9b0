/** What a call costs: its usage at the prices of the book, in exact decimals. */

import { vendorOf } from '../dialects/vendors.ts';
import type { Usage } from '../usage.ts';
import { Bill, hasPieces } from './bill.ts';
import type { PriceBook } from './book.ts';
import { costOf, dollars, rounded } from './money.ts';
import { ratesFor, type Tariff } from './rates.ts';

export interface PriceQuestion {
  /** Vendor kind or alias, or a price provider id. */
  readonly kind: string;
  /** The model that answered; null when nobody said. */
  readonly model: string | null;
  /** The model that was asked for: its price counts where no list has the one that answered. */
  readonly requestModel?: string | null;
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
  /** Audio, images and film; what is sold by the piece; searches; fees per request. */
  readonly other_cost: number | null;
  readonly total_cost: number;
  readonly currency: 'dollar';
  /** `config`, `litellm-file`, `genai-prices` (with our sourced tiers and corrections), `built-in` (our own list), or `provider`. */
  readonly source: string;
  readonly catalogue_version: string | null;
}

/** `total` in 1e-12 USD. Unpriced: no price is known for something that was used. Unmetered: usage is not known. */
export type Priced =
  | { readonly status: 'priced'; readonly total: bigint; readonly costs: Costs }
  | { readonly status: 'unpriced' }
  | { readonly status: 'unmetered' };

const unpriced: Priced = { status: 'unpriced' };

const isMetered = (usage: Usage): boolean => usage.input !== null || usage.output !== null || hasPieces(usage);

/** Every price is 0: whatever was used, also what nobody counted. */
const isFree = ({ periods }: Tariff): boolean =>
  periods.every(({ sheet }) =>
    sheet.every(({ rates }) => {
      const stated = Object.values(rates).filter((each) => each !== null);
      return stated.length > 0 && stated.every((each) => each === 0n);
    }),
  );

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

/** The prices of a model, of the model asked for where the one that answered has none. */
const tariffFor = (
  { kind, model, requestModel, usage }: PriceQuestion,
  served: string | null,
  book: PriceBook,
): Tariff | null => {
  const tier = served ?? usage.serviceTier;
  const own = model === null ? null : book.tariffOf(kind, model, tier);
  if (own || requestModel === null || requestModel === undefined || requestModel === model) return own;
  // A free name says nothing of what a paid model that stood in for it costs.
  if (model !== null && requestModel.endsWith(':free')) return null;
  // A model that is listed, but not in this tier, is not some other model.
  const isListed = model !== null && book.tariffOf(kind, model, null) !== null;
  return isListed ? null : book.tariffOf(kind, requestModel, tier);
};

const byTheBook = (question: PriceQuestion, book: PriceBook): Priced => {
  const { usage, at } = question;
  // Passes inside one call are billed each at its own model's price, and replace the figures of the call.
  const passes = usage.passes?.filter((pass) => isMetered(pass.usage)) ?? [];
  const billed = passes.length > 0 ? passes : [{ model: null, usage }];
  const searches = usage.webSearches ?? passes.reduce((sum, pass) => sum + (pass.usage.webSearches ?? 0), 0);
  const bill = new Bill();
  let first: Tariff | null = null;
  for (const pass of billed) {
    const asked = pass.model === null ? question : { ...question, model: pass.model, requestModel: null };
    const tariff = tariffFor(asked, pass.usage.serviceTier, book);
    const rates = tariff && ratesFor(tariff, pass.usage.input ?? 0, at);
    if (!tariff || !rates) return unpriced;
    bill.chargePass(pass.usage, rates, tariff.variants ?? null);
    if (first === null) bill.chargeSearches(searches, rates);
    first ??= tariff;
  }
  return bill.complete && first ? settled(bill, first) : unpriced;
};

/**
 * Whether more reasoning was billed than there is output, as of Perplexity's deep research: what it costs beside the
 * output no list says, and cut to fit it would be too little.
 */
const contradicts = ({ reasoning, output }: Usage): boolean => output !== null && (reasoning ?? 0) > output;

/**
 * The cost of a call. The provider's own figure counts when the book prefers it, when no list has a price, and when it
 * bills what the figures do not add up to.
 */
export const price = (question: PriceQuestion, book: PriceBook): Priced => {
  const { usage } = question;
  const stated = asProviderSays(usage.providerCost);
  const { kind } = question;
  if (stated && (book.preferProviderCost || vendorOf(kind)?.billsAsStated || contradicts(usage))) return stated;
  const metered = isMetered(usage) || (usage.passes?.some((pass) => isMetered(pass.usage)) ?? false);
  if (!metered) {
    const free = stated === null ? tariffFor(question, null, book) : null;
    return free && isFree(free) ? settled(new Bill(), free) : (stated ?? { status: 'unmetered' });
  }
  // What the answer says that it cost is nearer the truth than the price of a model that did not answer.
  const asked = stated ? { ...question, requestModel: null } : question;
  const priced = contradicts(usage) ? unpriced : byTheBook(asked, book);
  return priced.status === 'unpriced' && stated ? stated : priced;
};
