/** What a host of its own needs to run the two plugins: the bundle `llm-usage-audit/plugins`. */
export type { Acceptor, AuditRecord } from '../schemas/record.ts';
export { type Budget, type BudgetStore, type Budgets, openBudgets } from './budgets/budgets.ts';
export type * from './contract.ts';
export { openBook, type PriceBook, type PriceSources } from './pricing/book.ts';
export { createPlugins } from './response-plugin.ts';
export type { Settings } from './settings.ts';
