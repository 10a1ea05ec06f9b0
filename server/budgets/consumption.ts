/** What a budget has consumed in its present period, limit by limit. */
import { type Budget, operations, type Unit } from '../../plugins/budgets/budget.ts';
import { type Balance, type Ledger, totals } from '../../plugins/budgets/ledger.ts';
import { countedBy } from '../../plugins/budgets/meters.ts';
import { dollars } from '../../plugins/pricing/money.ts';
import { limitName } from './limits.ts';

/** Amounts are dollars, tokens, requests or pages, as the limit's name says. */
export interface Consumed {
  /** `total_usd`, `inference_tokens`… */
  readonly limit: string;
  readonly consumed: number;
  /** By calls under way. */
  readonly reserved: number;
  /** Null: not limited. */
  readonly allowed: number | null;
  /** Allowed less consumed: negative when overdrawn. */
  readonly remaining: number | null;
  /** Consumed of allowed; null: not limited, or nothing allowed. */
  readonly used_ratio: number | null;
}

export interface Consumption {
  readonly limits: readonly Consumed[];
  /** ISO 8601. Null: never, or a little at any moment (`rolling`). */
  readonly reset_at: string | null;
}

/** Rejects with a LedgerDown. @param now epoch milliseconds */
export const consumptionOf = async (budget: Budget, ledger: Ledger, now: number): Promise<Consumption> => {
  const counted = countedBy(budget, now);
  const balances = await totals(
    ledger,
    counted.map(({ accounts }) => accounts),
  );
  const limits = counted.map(({ unit, operation, limit }, index): Consumed => {
    const { spent, reserved } = balances[index] as Balance;
    return {
      limit: limitName({ operation, unit }),
      consumed: shown(unit, spent),
      reserved: shown(unit, reserved),
      allowed: limit === null ? null : shown(unit, limit),
      remaining: limit === null ? null : shown(unit, limit - spent),
      used_ratio: limit === null || limit === 0n ? null : Number(spent) / Number(limit),
    };
  });
  const until = counted[0]?.span.until ?? null;
  const ends = budget.period.kind === 'calendar' || budget.period.kind === 'cycle';
  return { limits, reset_at: ends && until !== null ? new Date(until).toISOString() : null };
};

/** Sets what was consumed to zero; what calls under way have reserved stays. */
export const resetConsumption = async (budget: Budget, ledger: Ledger, now: number): Promise<void> =>
  ledger.reset(countedBy(budget, now).flatMap(({ accounts }) => accounts));

const shown = (unit: Unit, amount: bigint): number => {
  if (unit !== 'usd') return Number(amount);
  return amount < 0n ? -dollars(-amount) : dollars(amount);
};

const otoroshiMetrics: readonly string[] = [
  'total_usd',
  'total_tokens',
  ...operations.flatMap((operation) =>
    operation === 'ocr' ? ['ocr_usd', 'ocr_pages'] : [`${operation}_usd`, `${operation}_tokens`],
  ),
];

/** Otoroshi's report: `consumed_…`, `remaining_…`, `allowed_…` of each of its metrics. Null is what is not counted or limited. */
export const asOtoroshi = ({ limits }: Consumption): Record<string, number | null> => {
  const byName = new Map(limits.map((one) => [one.limit, one]));
  return Object.fromEntries(
    otoroshiMetrics.flatMap((metric) => {
      const { consumed = null, remaining = null, allowed = null } = byName.get(metric) ?? {};
      return [
        [`consumed_${metric}`, consumed],
        [`remaining_${metric}`, remaining],
        [`allowed_${metric}`, allowed],
      ];
    }),
  );
};
