/** Budgets as the event shows them: before, this call, after. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { BudgetView } from '../contract.ts';
import { dollars } from '../pricing/money.ts';

/** @param before at admission; @param now as they stand before this call is booked. */
export const budgetsOf = (
  before: readonly BudgetView[],
  now: readonly BudgetView[],
  usd: bigint | null,
  tokens: number | null,
  refused: boolean,
): LLMUsageAudit['budgets'] =>
  before.map((view, index) => {
    const current = now[index] ?? view;
    const spentUsd = current.spentUsd + (usd ?? 0n);
    const spentTokens = current.spentTokens + (tokens ?? 0);
    const leftUsd = view.limitUsd === null ? null : view.limitUsd - spentUsd;
    const leftTokens = view.limitTokens === null ? null : view.limitTokens - spentTokens;
    const exceeded = (leftUsd !== null && leftUsd <= 0n) || (leftTokens !== null && leftTokens <= 0);
    return {
      budget_id: view.id,
      name: view.name,
      decision: refused && exceeded ? 'blocked' : 'allowed',
      consumption: {
        consumed_total_usd: dollars(spentUsd),
        consumed_total_tokens: spentTokens,
        remaining_total_usd: leftUsd === null ? null : dollars(leftUsd > 0n ? leftUsd : 0n),
        remaining_total_tokens: leftTokens === null ? null : Math.max(0, leftTokens),
        allowed_total_usd: view.limitUsd === null ? null : dollars(view.limitUsd),
        allowed_total_tokens: view.limitTokens,
      },
      before: { usd: dollars(view.spentUsd), tokens: view.spentTokens },
      this_call: { usd: usd === null ? null : dollars(usd), tokens },
      after: { usd: dollars(spentUsd), tokens: spentTokens },
      exceeded,
    };
  });
