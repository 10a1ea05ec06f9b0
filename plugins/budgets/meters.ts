/** Where a call is counted: the meters of each budget that applies, and how much of a call each of them counts. */
import type { Budget, Limit, Operation, Unit } from './budget.ts';
import type { Account, Claim, ClaimSpan } from './ledger.ts';
import type { Facts } from './matching.ts';
import { ever, rollingSteps, type Span, spansAround } from './period.ts';

/** What a call may use at most; what it did use, once it is over. */
export interface Amounts {
  /** Units of 1e-12 USD; null: not known, as there is no price or no figure. */
  readonly usd: bigint | null;
  /** Null: not known. */
  readonly tokens: number | null;
  /** Of the tokens, those that the model makes. */
  readonly output: number | null;
  /** Of the tokens, those read from the provider's cache. */
  readonly cached: number;
  readonly pages: number;
}

/** One meter of one budget, as the call found it. */
export interface Meter {
  readonly budget: Budget;
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  readonly account: Account;
  /** The other steps of a rolling window. */
  readonly beside: readonly Account[];
  /** When the period ends; epoch milliseconds. */
  readonly resetAt: number;
  /** Before this call; what other calls in flight have reserved is beside it. */
  readonly spent: bigint;
  readonly reservedByOthers: bigint;
  /** For this call. */
  readonly reserved: bigint;
}

/** One limit of one budget, as a call asks for it. */
export interface Draft {
  readonly budget: Budget;
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  readonly claim: Claim;
}

/** What a call asks of a budget. @param spans around the moment of the call. */
export const draftsOf = (
  budget: Budget,
  { operation, isSpent, facts }: { readonly operation: Operation; readonly isSpent: boolean; readonly facts: Facts },
  bound: Amounts,
  spans: readonly Span[],
): Draft[] => {
  const limited = budget.limits.filter((limit) => limit.operation === null || limit.operation === operation);
  return metersOf(budget, limited).map((limit) => ({
    budget,
    unit: limit.unit,
    operation: limit.operation,
    limit: limit.amount,
    claim: {
      spans: claimSpans(budget, limit, spans, valueIn(budget, facts)),
      limit: budget.mode === 'soft' || isSpent ? null : limit.amount,
      amount: counted(budget, limit.unit, bound) ?? 0n,
      shrinks: budget.shrinks,
    },
  }));
};

/** Where one limit of a budget is counted in the period of a moment: for reports and resets. */
export interface Counted {
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  /** One, or the steps of a rolling window. */
  readonly accounts: readonly Account[];
  readonly span: Span;
}

/** Every meter that a budget may have, limited or not: all units of all operations that have a limit, dollars and tokens. */
export const countedBy = (budget: Budget, at: number, value: string | null = null): Counted[] => {
  const [, span] = spansAround(budget.period, at);
  return metersOf(budget, budget.limits).map(({ unit, operation, amount }) => {
    const { account, beside } = claimSpan(budget, { unit, operation }, unit === 'calls' ? ever : span, value);
    return { unit, operation, limit: amount, accounts: [account, ...beside], span };
  });
};

/** The meters of a call that was admitted at a moment, without figures. */
export const metersAt = (budget: Budget, facts: Facts, operation: Operation, at: number): Meter[] =>
  countedBy(budget, at, valueIn(budget, facts))
    .filter((counted) => counted.operation === null || counted.operation === operation)
    .map(({ accounts: [account = '', ...beside], span, ...counted }) => ({
      ...counted,
      budget,
      account,
      beside,
      resetAt: resetOf(budget, counted.unit, span),
      spent: 0n,
      reservedByOthers: 0n,
      reserved: 0n,
    }));

/** Dollars and tokens are counted under every budget; the rest where it is limited. */
const metersOf = (budget: Budget, limited: readonly Limit[]): readonly Limit[] => [
  ...limited,
  ...(budget.purpose === 'capacity' ? [] : (['usd', 'tokens'] as const))
    .filter((unit) => !budget.limits.some((limit) => limit.operation === null && limit.unit === unit))
    .map((unit) => ({ operation: null, unit, amount: null })),
];

/** The value that the call is counted by; null: it is counted with all others. */
const valueIn = ({ each }: Budget, facts: Facts): string | null => {
  switch (each) {
    case null:
      return null;
    case 'group':
      return facts.groups[0] ?? '';
    case 'route':
    case 'provider':
      return facts[each][0] ?? '';
    default:
      return facts[each] ?? '';
  }
};

/** The spans of a period as one limit sees them. They are the same for every call of the period, and remembered with it. */
const claimSpans = (
  budget: Budget,
  limit: Pick<Limit, 'unit' | 'operation'>,
  spans: readonly Span[],
  value: string | null,
): readonly ClaimSpan[] => {
  const made = () => (limit.unit === 'calls' ? [ever] : spans).map((span) => claimSpan(budget, limit, span, value));
  if (value !== null) return made();
  let known = remembered.get(spans);
  if (known === undefined) {
    known = new Map();
    remembered.set(spans, known);
  }
  const key = `${limit.unit} ${limit.operation}`;
  const found = known.get(key);
  if (found) return found;
  const fresh = made();
  known.set(key, fresh);
  return fresh;
};

/** By the spans of a budget's present period; they go when it is over. */
const remembered = new WeakMap<readonly Span[], Map<string, readonly ClaimSpan[]>>();

const claimSpan = (
  budget: Budget,
  { unit, operation }: Pick<Limit, 'unit' | 'operation'>,
  span: Span,
  value: string | null,
): ClaimSpan => {
  const counted = value === null ? '' : `${encodeURIComponent(value.toWellFormed())}|`;
  const account = (from: number) => `${budget.id}|${operation ?? 'total'}_${unit}|${counted}${from}`;
  const { period } = budget;
  if (period.kind !== 'rolling' || unit === 'calls') return { ...span, account: account(span.from), beside: [] };
  const step = period.length / rollingSteps;
  const beside = Array.from({ length: rollingSteps }, (_, index) => account(span.from - (index + 1) * step));
  return { ...span, account: account(span.from), beside };
};

/** Of a rolling window, when the last of what is spent now has left it. */
export const resetOf = ({ period }: Budget, unit: Unit, { until }: Pick<Span, 'until'>): number =>
  until + (period.kind === 'rolling' && unit !== 'calls' ? period.length : 0);

/** Null: not known. */
const counted = (budget: Budget, unit: Unit, { usd, tokens, cached, pages }: Amounts): bigint | null => {
  switch (unit) {
    case 'usd':
      return usd;
    case 'tokens':
      return tokens === null ? null : BigInt(Math.max(0, budget.countsCached ? tokens : tokens - cached));
    case 'requests':
    case 'calls':
      return 1n;
    case 'pages':
      return BigInt(pages);
  }
};

/** What a meter is charged. A call that used nothing was still a request; what is not known is charged as it was reserved. */
export const amountOf = ({ budget, unit, reserved }: Meter, used: Amounts | null): bigint =>
  unit === 'calls' ? 0n : used ? (counted(budget, unit, used) ?? reserved) : unit === 'requests' ? 1n : 0n;
