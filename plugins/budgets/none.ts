/** For a host without budgets: every call is admitted, nothing is booked. */
import type { Settings } from '../settings.ts';

export const noBudgets: Pick<Settings, 'budgets' | 'ledger' | 'reserve' | 'budgetHeaders'> = {
  budgets: {
    budgets: [],
    replace: () => undefined,
    isLimited: () => false,
    admit: () => ({ is: 'admitted', admission: null }),
    charge: () => [],
    settle: () => null,
    standing: () => [],
    renew: () => undefined,
  },
  ledger: { claimMark: () => false, confirmMark: () => undefined },
  reserve: { defaultOutputTokens: 4096, strict: false, capOutput: false },
  budgetHeaders: false,
};
