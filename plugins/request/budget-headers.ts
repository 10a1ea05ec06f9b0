/** What a caller is told of budgets in headers: when to come back, and what is left. */
import type { Admission } from '../budgets/admission.ts';
import type { Meter } from '../budgets/meters.ts';
import { dollars } from '../pricing/money.ts';

const seconds = (milliseconds: number): string => String(Math.max(1, Math.ceil(milliseconds / 1000)));

/** When it is worth asking again: never, where the budget does not begin anew. */
export const refusalHeaders = ({ resetAt, budget, unit }: Meter, now: number): Record<string, string> => {
  if (unit === 'calls') return { 'retry-after': '1' };
  return budget.period.kind === 'total' ? {} : { 'retry-after': seconds(resetAt - now) };
};

/** Of the limit that is nearest to its end: what is left beside this call's own reservation, and seconds to the reset. */
export const standingHeaders = ({ meters }: Admission, now: number): Record<string, string> => {
  const limited = meters.filter(({ limit, budget }) => limit !== null && budget.purpose === 'budget');
  const left = ({ limit, spent, reservedByOthers, reserved }: Meter) =>
    (limit ?? 0n) - spent - reservedByOthers - reserved;
  const share = (meter: Meter) => Number(left(meter)) / Math.max(1, Number(meter.limit));
  const [nearest] = limited.sort((one, other) => share(one) - share(other));
  if (nearest === undefined) return {};
  const rest = left(nearest) > 0n ? left(nearest) : 0n;
  return {
    'x-llm-audit-budget-id': encodeURIComponent(nearest.budget.id),
    'x-llm-audit-budget-unit': nearest.unit,
    'x-llm-audit-budget-remaining': nearest.unit === 'usd' ? String(dollars(rest)) : String(rest),
    ...(nearest.budget.period.kind === 'total' ? {} : { 'x-llm-audit-budget-reset': seconds(nearest.resetAt - now) }),
  };
};
