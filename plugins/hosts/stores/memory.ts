/** Budget spend in this process only: forgotten when it ends. */
import type { BudgetStore } from '../../budgets/budgets.ts';

export const memoryStore = (): BudgetStore => {
  const spend = new Map<string, { usd: bigint; tokens: number }>();
  return {
    spent: (id) => spend.get(id) ?? { usd: 0n, tokens: 0 },
    add: (id, usd, tokens) => {
      const before = spend.get(id) ?? { usd: 0n, tokens: 0 };
      spend.set(id, { usd: before.usd + usd, tokens: before.tokens + tokens });
    },
  };
};
