/** `/api/budgets`. */
import type { BudgetAdministration } from '../budgets/administration.ts';
import type { Route } from './routes.ts';

export const budgetRoutes = (budgets: BudgetAdministration): Route[] => [
  { method: 'GET', path: '/api/budgets', role: 'read', run: () => budgets.list() },
  { method: 'GET', path: '/api/budgets/{id}', role: 'read', run: ({ id }) => budgets.show(id) },
  {
    method: 'PUT',
    path: '/api/budgets/{id}',
    role: 'admin',
    run: ({ id, body, actor }) => budgets.put(id, body, actor),
  },
  { method: 'DELETE', path: '/api/budgets/{id}', role: 'admin', run: ({ id, actor }) => budgets.remove(id, actor) },
  { method: 'GET', path: '/api/budgets/{id}/consumption', role: 'read', run: ({ id }) => budgets.consumption(id) },
  { method: 'POST', path: '/api/budgets/{id}/reset', role: 'admin', run: ({ id, actor }) => budgets.reset(id, actor) },
];
