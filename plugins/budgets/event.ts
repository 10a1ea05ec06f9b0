/** Budgets as the event of a call shows them: before, this call, after. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { dollars } from '../pricing/money.ts';
import type { Charge } from './admission.ts';
import type { Budget, Unit } from './budget.ts';

type Shown = LLMUsageAudit['budgets'][number];

/**
 * One entry per budget, its totals in dollars and tokens.
 * @param refusedBy the budget that refused the call; null: none did.
 */
export const budgetsOf = (charges: readonly Charge[], refusedBy: string | null): Shown[] =>
  [...Map.groupBy(charges, ({ meter }) => meter.budget)]
    .filter(([{ purpose }]) => purpose === 'budget')
    .map(([budget, own]) => shown(budget, own, refusedBy));

const shown = (budget: Budget, charges: readonly Charge[], refusedBy: string | null): Shown => {
  const total = (unit: Unit) => charges.find(({ meter }) => meter.unit === unit && meter.operation === null);
  const usd = total('usd');
  const tokens = total('tokens');
  const after = (charge: Charge | undefined) => (charge ? charge.before + charge.amount : 0n);
  const left = (charge: Charge | undefined) =>
    charge && charge.meter.limit !== null ? charge.meter.limit - after(charge) : null;
  const exceeded =
    refusedBy === budget.id ||
    charges.some((charge) => charge.meter.limit !== null && after(charge) >= charge.meter.limit);
  const usdLeft = left(usd);
  const tokensLeft = left(tokens);
  return {
    budget_id: budget.id,
    name: budget.name,
    decision: refusedBy === budget.id ? 'blocked' : budget.mode === 'soft' && exceeded ? 'soft_exceeded' : 'allowed',
    consumption: {
      consumed_total_usd: dollars(after(usd)),
      consumed_total_tokens: Number(after(tokens)),
      remaining_total_usd: usdLeft === null ? null : dollars(usdLeft),
      remaining_total_tokens: tokensLeft === null ? null : Number(tokensLeft),
      allowed_total_usd: usd && usd.meter.limit !== null ? dollars(usd.meter.limit) : null,
      allowed_total_tokens: tokens && tokens.meter.limit !== null ? Number(tokens.meter.limit) : null,
    },
    before: { usd: dollars(usd?.before ?? 0n), tokens: Number(tokens?.before ?? 0n) },
    this_call: { usd: dollars(usd?.amount ?? 0n), tokens: Number(tokens?.amount ?? 0n) },
    after: { usd: dollars(after(usd)), tokens: Number(after(tokens)) },
    exceeded,
  };
};

/** The rate limits of the caller, as they stand with this call; null: there are none. */
export const rateLimitsOf = (charges: readonly Charge[]): LLMUsageAudit['consumer_rate_limit'] => {
  const limited = charges.filter(({ meter }) => meter.budget.purpose === 'capacity' && meter.limit !== null);
  if (limited.length === 0) return null;
  const of = (unit: Unit) => {
    const [nearest] = limited
      .filter(({ meter }) => meter.unit === unit)
      .sort((one, other) => Number(leftOf(one)) - Number(leftOf(other)));
    return nearest;
  };
  const tokens = of('tokens');
  const requests = of('requests');
  const calls = of('calls');
  const window = (tokens ?? requests)?.meter.budget.period;
  return {
    max_tokens: limitOf(tokens),
    window_millis: window?.kind === 'rolling' ? window.length : null,
    consumed_tokens: tokens ? Number(tokens.before + tokens.amount) : null,
    remaining_tokens: tokens ? Number(leftOf(tokens)) : null,
    max_requests: limitOf(requests),
    consumed_requests: requests ? Number(requests.before + requests.amount) : null,
    remaining_requests: requests ? Number(leftOf(requests)) : null,
    max_concurrent: limitOf(calls),
    concurrent: calls ? Number(calls.meter.reservedByOthers + calls.meter.reserved) : null,
  };
};

const leftOf = ({ meter, before, amount }: Charge): bigint => (meter.limit ?? 0n) - before - amount;
const limitOf = (charge: Charge | undefined): number | null =>
  charge === undefined || charge.meter.limit === null ? null : Number(charge.meter.limit);
