/** Budgets for tests, told in one line each. */
import type { Budget, Limit, Selectors } from '../../plugins/budgets/budget.ts';
import type { Facts } from '../../plugins/budgets/matching.ts';

export const selectors = (change: Partial<Selectors> = {}): Selectors => ({
  apikeys: [],
  users: [],
  groups: [],
  routes: [],
  providers: [],
  models: [],
  metadata: {},
  ...change,
});

export const limitOf = (unit: Limit['unit'], amount: bigint | null, operation: Limit['operation'] = null): Limit => ({
  unit,
  amount,
  operation,
});

export const budget = (id: string, change: Partial<Budget> = {}): Budget => ({
  purpose: 'budget',
  id,
  name: id,
  enabled: true,
  startAt: null,
  endAt: null,
  period: { kind: 'total' },
  window: null,
  limits: [limitOf('usd', 1_000_000_000_000n)],
  scope: { include: null, exclude: selectors(), match: 'all', byReference: false },
  each: null,
  mode: 'block',
  thresholds: [50, 80, 100],
  onUnknownPrice: 'block',
  countsCached: true,
  shrinks: false,
  refusal: { status: 429, message: null },
  priority: 0,
  ...change,
});

export const facts = (change: Partial<Facts> = {}): Facts => ({
  apikey: null,
  user: null,
  groups: [],
  route: [],
  provider: [],
  model: null,
  metadata: {},
  ...change,
});

/** Of one key, in all; a call takes what is left where its bound is more, as small budgets are told to. */
export const keyBudget = (
  id: string,
  key: string,
  limits: { readonly usd?: bigint; readonly tokens?: number },
  change: Partial<Budget> = {},
): Budget =>
  budget(id, {
    scope: { include: selectors({ apikeys: [key] }), exclude: selectors(), match: 'all', byReference: false },
    limits: [
      ...(limits.usd === undefined ? [] : [limitOf('usd', limits.usd)]),
      ...(limits.tokens === undefined ? [] : [limitOf('tokens', BigInt(limits.tokens))]),
    ],
    shrinks: true,
    ...change,
  });
