/** Budgets in their simplest form: what a key has spent is compared with its limits before each call. */
import type { BudgetView, Consumer } from '../contract.ts';

/** A configured budget: the keys it applies to, and its limits. */
export interface Budget {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Client ids; the spend of all of them counts together. */
  readonly apikeys: readonly string[];
  /** Units of 1e-12 USD. */
  readonly limitUsd: bigint | null;
  readonly limitTokens: number | null;
}

/** Where the spend is kept. */
export interface BudgetStore {
  spent(budgetId: string): { usd: bigint; tokens: number };
  /** Adds one call's spend; its amounts are never negative. */
  add(budgetId: string, usd: bigint, tokens: number): void;
}

export interface Admission {
  /** Every budget that applies, as it stands before the call. */
  readonly views: readonly BudgetView[];
  /** The first whose limit is reached: the call must be refused. */
  readonly refusedBy: BudgetView | null;
}

export interface Budgets {
  admit(consumer: Consumer | null): Admission;
  /** Books a finished call on the budgets of its admission. Unknown amounts count as nothing. */
  settle(views: readonly BudgetView[], usd: bigint | null, tokens: number | null): void;
  /** The budgets of an admission as they stand now. */
  refresh(views: readonly BudgetView[]): readonly BudgetView[];
}

const nothing: Admission = { views: [], refusedBy: null };

const isSpent = (view: BudgetView): boolean =>
  (view.limitUsd !== null && view.spentUsd >= view.limitUsd) ||
  (view.limitTokens !== null && view.spentTokens >= view.limitTokens);

export const openBudgets = (configured: readonly Budget[], store: BudgetStore): Budgets => {
  const enabled = configured.filter((budget) => budget.enabled);
  const view = (budget: Omit<BudgetView, 'spentUsd' | 'spentTokens'>): BudgetView => {
    const { usd, tokens } = store.spent(budget.id);
    return {
      id: budget.id,
      name: budget.name,
      limitUsd: budget.limitUsd,
      limitTokens: budget.limitTokens,
      spentUsd: usd,
      spentTokens: tokens,
    };
  };
  return {
    admit: (consumer) => {
      if (consumer === null || enabled.length === 0) return nothing;
      const views = enabled.filter((budget) => budget.apikeys.includes(consumer.clientId)).map(view);
      return { views, refusedBy: views.find(isSpent) ?? null };
    },
    settle: (views, usd, tokens) => {
      for (const { id } of views) store.add(id, usd ?? 0n, tokens ?? 0);
    },
    refresh: (views) => views.map(view),
  };
};
