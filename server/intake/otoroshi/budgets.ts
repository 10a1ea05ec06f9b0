/** Budgets in Otoroshi's event: 48 figures each, read before the call was added; null where there is no limit. */
import { object, objects, text } from '../../../plugins/dialects/read.ts';
import type { JsonObject } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import type { Figures } from './reading.ts';

type Touched = LLMUsageAudit['budgets'][number];

/** What a call added. */
export interface Spent {
  readonly usd: number | null;
  readonly tokens: number | null;
}

export const budgetsOf = (event: JsonObject, spent: Spent, figures: Figures): Touched[] =>
  objects(event.budgets).map((budget) =>
    touched(text(budget.budget_id) ?? '', object(budget.consumption), spent, figures),
  );

export const consumptionOf = (told: JsonObject | null, figures: Figures): Touched['consumption'] => {
  const usd = figures.number(told?.allowed_total_usd);
  const tokens = figures.number(told?.allowed_total_tokens);
  return {
    consumed_total_usd: figures.amount(told?.consumed_total_usd),
    consumed_total_tokens: figures.count(told?.consumed_total_tokens),
    // Without a limit Otoroshi says 0, as when nothing is left.
    remaining_total_usd: usd === null ? null : figures.number(told?.remaining_total_usd),
    remaining_total_tokens: tokens === null ? null : figures.number(told?.remaining_total_tokens),
    allowed_total_usd: usd,
    allowed_total_tokens: tokens,
  };
};

const touched = (id: string, told: JsonObject | null, spent: Spent, figures: Figures): Touched => {
  const consumption = consumptionOf(told, figures);
  const before = { usd: consumption.consumed_total_usd, tokens: consumption.consumed_total_tokens };
  const after = { usd: plus(before.usd, spent.usd), tokens: plus(before.tokens, spent.tokens) };
  const exceeded =
    reaches(after.usd ?? before.usd, consumption.allowed_total_usd) ||
    reaches(after.tokens ?? before.tokens, consumption.allowed_total_tokens);
  return {
    budget_id: id,
    name: id,
    // The event of a call that a budget refused is never made there.
    decision: exceeded ? 'soft_exceeded' : 'allowed',
    consumption,
    before,
    this_call: spent,
    after,
    exceeded,
  };
};

/** To the 12 places that money has here. */
const plus = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Number((one + other).toFixed(12));

const reaches = (consumed: number | null, allowed: number | null): boolean =>
  consumed !== null && allowed !== null && consumed >= allowed;
