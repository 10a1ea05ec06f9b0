/** What a call cost: as Otoroshi reckoned it, less what cannot be, or by our own price book when that is wanted. */
import { object } from '../../../plugins/dialects/read.ts';
import type { PriceBook } from '../../../plugins/pricing/book.ts';
import { costOf, dollars } from '../../../plugins/pricing/money.ts';
import { price } from '../../../plugins/pricing/price.ts';
import type { Usage } from '../../../plugins/usage.ts';
import type { Json, JsonObject } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import type { Makes } from './usage.ts';

export type Costs = NonNullable<LLMUsageAudit['costs']>;

export interface Cost {
  readonly status: LLMUsageAudit['cost_status'];
  readonly costs: Costs | null;
  /** What Otoroshi said has been set right. */
  readonly repaired: boolean;
}

export interface CostQuestion {
  readonly event: JsonObject;
  readonly kind: string;
  readonly model: string | null;
  readonly makes: Makes;
  readonly usage: Usage | null;
  readonly at: number;
  /** Nothing was asked of a provider, or it refused: an error, an answer out of a cache. */
  readonly free: boolean;
}

/** @param book null: Otoroshi's figures are taken. */
export const costOfCall = (question: CostQuestion, book: PriceBook | null): Cost => {
  const { event, kind, model, makes, usage, at } = question;
  // Calls that are no chat carry the costs of another call of their request, if any: there are no prices for them.
  const theirs = makes === 'text' ? theirCosts(object(event.costs)) : null;
  if (usage === null && !theirs?.isZero)
    return question.free
      ? notBilled(event.costs)
      : { status: 'unmetered', costs: null, repaired: object(event.costs) !== null };
  const spent = usage === null || (usage.input === 0 && usage.output === 0);
  if (question.free && spent) return notBilled(event.costs);
  const priced = book && usage && price({ kind, model, requestModel: model, usage, at }, book);
  if (priced?.status === 'priced')
    return { status: 'priced', costs: priced.costs, repaired: theirs?.costs.total_cost !== priced.costs.total_cost };
  if (theirs === null)
    return spent ? notBilled(event.costs) : { status: 'unpriced', costs: null, repaired: object(event.costs) !== null };
  const once = book && usage && kind !== 'xai' ? reasoningOnce(theirs.parts, usage) : null;
  return {
    status: 'priced',
    costs: once ? layOut(once) : theirs.costs,
    repaired: theirs.repaired || once !== null,
  };
};

const notBilled = (said: Json | undefined): Cost => ({
  status: 'not_billed',
  costs: { ...layOut({ input: 0n, output: 0n, reasoning: 0n }), source: 'not_billed' },
  repaired: object(said) !== null && !theirCosts(object(said))?.isZero,
});

/** Units of 1e-12 USD; null: not known. */
interface Parts {
  readonly input: bigint | null;
  readonly output: bigint | null;
  readonly reasoning: bigint | null;
}

interface Theirs {
  readonly parts: Parts;
  readonly costs: Costs;
  /** All of it is 0. */
  readonly isZero: boolean;
  readonly repaired: boolean;
}

/**
 * A part is negative where its tokens were -1. Without the reasoning the others still stand; without input or output
 * nobody knows what the call cost.
 */
const theirCosts = (told: JsonObject | null): Theirs | null => {
  if (!told) return null;
  const [input, output, reasoning, total] = ['input_cost', 'output_cost', 'reasoning_cost', 'total_cost'].map((name) =>
    units(told[name]),
  );
  const parts = { input: input ?? null, output: output ?? null, reasoning: reasoning ?? null };
  const isWhole = parts.input !== null && parts.output !== null;
  if (
    !isWhole &&
    told.input_cost === undefined &&
    told.output_cost === undefined &&
    total !== null &&
    total !== undefined
  )
    return { parts, costs: { ...layOut(parts), total_cost: dollars(total) }, isZero: total === 0n, repaired: false };
  if (!isWhole) return null;
  const sum = sumOf(parts);
  return { parts, costs: layOut(parts), isZero: sum === 0n, repaired: total !== sum || parts.reasoning === null };
};

const units = (value: Json | undefined): bigint | null =>
  typeof value === 'number' && value >= 0 ? costOf(String(value)) : null;

const sumOf = ({ input, output, reasoning }: Parts): bigint => (input ?? 0n) + (output ?? 0n) + (reasoning ?? 0n);

/**
 * Otoroshi charges all output at the output price and the reasoning within it once more: what the reasoning's share of
 * the output cost comes off. Null: there is none, or it is not within.
 */
const reasoningOnce = (parts: Parts, { output, reasoning }: Usage): Parts | null => {
  if (parts.output === null || !parts.reasoning || !reasoning || !output || reasoning > output) return null;
  return { ...parts, output: (parts.output * BigInt(output - reasoning)) / BigInt(output) };
};

const layOut = (parts: Parts): Costs => ({
  input_cost: orNull(parts.input),
  output_cost: orNull(parts.output),
  reasoning_cost: orNull(parts.reasoning),
  cache_read_cost: null,
  cache_write_cost: null,
  other_cost: null,
  total_cost: dollars(sumOf(parts)),
  currency: 'dollar',
  source: 'otoroshi',
  catalogue_version: null,
});

const orNull = (cost: bigint | null): number | null => (cost === null ? null : dollars(cost));
