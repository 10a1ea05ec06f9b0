/** What a host of its own needs to run the two plugins: the bundle `llm-usage-audit/plugins`. */
export type { Acceptor, AuditRecord } from '../schemas/record.ts';
export { type Budgets, openBudgets } from './budgets/admission.ts';
export type { Budget } from './budgets/budget.ts';
export { type Ledger, LedgerDown } from './budgets/ledger.ts';
export { noBudgets } from './budgets/none.ts';
export type * from './contract.ts';
export { openBook, type PriceBook, type PriceSources } from './pricing/book.ts';
export { createPlugins } from './response-plugin.ts';
export type { Settings } from './settings.ts';
