/** What budgets said of a call, inside its event and as events of their own. */
import type { Row } from './row.ts';

const metrics = ['consumed', 'remaining', 'allowed'] as const;

/** Otoroshi's figures of the limits that exist here. Remaining is null without a limit (there: 0), negative when overdrawn. */
// biome-ignore format: a table, one row per field
const consumption = (path: string): Row[] => metrics.flatMap((metric): Row[] => [
  [`${path}.${metric}_total_usd`, metric === 'consumed' ? 'amount?' : 'number?', 'USD', `Dollars ${metric}`, `Dollars ${metric} in the current period, null ${metric === 'consumed' ? 'when not known' : 'without such a limit'}.`, { consumed: 12.5, remaining: 37.5, allowed: 50 }[metric]],
  [`${path}.${metric}_total_tokens`, metric === 'consumed' ? 'count?' : 'integer?', 'tokens', `Tokens ${metric}`, `Tokens ${metric} in the current period, null ${metric === 'consumed' ? 'when not known' : 'without such a limit'}.`, { consumed: 41200, remaining: 1958800, allowed: 2000000 }[metric]],
]);

// biome-ignore format: a table, one row per field
const amount = (path: string, label: string, description: string): Row[] => [
  [path, 'object', null, label, description, null],
  [`${path}.usd`, 'amount?', 'USD', `${label}, dollars`, description, 0.5],
  [`${path}.tokens`, 'count?', 'tokens', `${label}, tokens`, description, 1540],
];

// biome-ignore format: a table, one row per field
export const touchedBudgets: Row[] = [
  ['budgets', 'object[]', null, 'Budgets', 'Every budget that applies to the call; empty when none does.', null],
  ['budgets.budget_id', 'keyword', null, 'Budget id', 'Id of the budget in the configuration.', 'team-a-monthly'],
  ['budgets.name', 'keyword', null, 'Budget name', 'Name for people.', 'Team A, monthly'],
  ['budgets.decision', 'one of: allowed blocked soft_exceeded', null, 'Budget decision', '`blocked`: this budget refused the call; `soft_exceeded`: it is spent and lets calls pass.', 'allowed'],
  ['budgets.consumption', 'object', null, 'Consumption', 'Before this call was added, as Otoroshi reports it.', null],
  ...consumption('budgets.consumption'),
  ...amount('budgets.before', 'Consumed before', 'Consumption before this call.'),
  ...amount('budgets.this_call', 'Consumed by this call', 'What this call added. Where its figures are not known: what was reserved for it.'),
  ...amount('budgets.after', 'Consumed after', 'Consumption with this call.'),
  ['budgets.exceeded', 'boolean', null, 'Budget exceeded', 'Whether the budget is spent, this call included.', false],
];

// biome-ignore format: a table, one row per field
const named: Row[] = [
  ['budget', 'object', null, 'Budget', 'The budget that this event is about.', null],
  ['budget.id', 'keyword', null, 'Budget id', 'Id of the budget in the configuration.', 'team-a-monthly'],
  ['budget.name', 'keyword', null, 'Budget name', 'Name for people.', 'Team A, monthly'],
];

/** One event per touched budget: Kibana cannot split arrays of objects. */
// biome-ignore format: a table, one row per field
export const budgetAudit: Row[] = [
  ...named,
  ['budget.scope', 'keyword?', null, 'Budget scope', 'What the budget is counted by, e.g. `apikey`.', 'apikey'],
  ['budget.window', 'keyword?', null, 'Budget window', 'Period after which it starts anew; null when it never does.', '30d'],
  ['budget.consumed_usd', 'amount?', 'USD', 'Dollars consumed', 'With this call.', 12.5],
  ['budget.allowed_usd', 'amount?', 'USD', 'Dollars allowed', 'Null without such a limit.', 50],
  ['budget.remaining_usd', 'number?', 'USD', 'Dollars remaining', 'Null without such a limit, negative when overdrawn.', 37.5],
  ['budget.consumed_tokens', 'count?', 'tokens', 'Tokens consumed', 'With this call.', 41200],
  ['budget.allowed_tokens', 'count?', 'tokens', 'Tokens allowed', 'Null without such a limit.', null],
  ['budget.remaining_tokens', 'integer?', 'tokens', 'Tokens remaining', 'Null without such a limit, negative when overdrawn.', null],
  ['budget.used_ratio', 'amount?', 'ratio', 'Budget used', 'The fuller of the two limits, consumed / allowed.', 0.25],
  ['decision', 'one of: allowed blocked soft_exceeded', null, 'Budget decision', 'What the budget said to the call.', 'allowed'],
];

/** What was crossed. */
// biome-ignore format: a table, one row per field
export const crossed: Row[] = [
  ['threshold', 'count', 'percent', 'Threshold', 'Percent of the limit that was reached.', 80],
  ['limit', 'keyword', null, 'Limit', 'The limit that is fullest, e.g. `total_usd`, `image_requests`.', 'total_usd'],
  ['used_ratio', 'amount?', 'ratio', 'Limit used', 'Consumed of allowed of that limit; null where nothing is allowed.', 0.815],
];

// biome-ignore format: a table, one row per field
export const almostExceeded: Row[] = [
  ...named,
  ['consumption', 'object', null, 'Consumption', 'State of the budget.', null],
  ...consumption('consumption'),
  ['percentages', 'object', null, 'Budget used', 'Consumed of allowed, per limit.', null],
  ['percentages.total_usd', 'amount?', 'percent', 'Dollars used', 'Null without such a limit.', 81.5],
  ['percentages.total_tokens', 'amount?', 'percent', 'Tokens used', 'Null without such a limit.', null],
];
