/** The field catalogue: the only authority on names, types, units and labels of event fields. Everything else is
 * generated from it (JSON Schemas, TypeScript types, validators, docs/event.md) or reads it (templates, dashboards). */
import { almostExceeded, budgetAudit, crossed, touchedBudgets } from './fields/budgets.ts';
import { call } from './fields/call.ts';
import { alert, answerer, audit, caller, context, envelope } from './fields/envelope.ts';
import { impacts } from './fields/impacts.ts';
import { type Field, field, type Row } from './fields/row.ts';
import { change, feedback, tool } from './fields/siblings.ts';
import { costs, usage } from './fields/usage.ts';

export type { Field, FieldType, Unit } from './fields/row.ts';
export { maxItems, maxLength } from './fields/row.ts';

/** An event: its name in the field `audit` or `alert`, its JSON Schema file, what it is for, its fields in order. */
export interface EventKind {
  readonly discriminator: 'audit' | 'alert';
  readonly file: string;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly Field[];
}

const kind = (name: string, file: string, title: string, description: string, ...rows: Row[][]): EventKind => {
  const discriminator = name.startsWith('LLM') ? 'audit' : 'alert';
  const type = discriminator === 'audit' ? audit : alert;
  const own: Row = [discriminator, `one of: ${name}`, null, 'Event', 'Name of this kind of event.', name];
  return { discriminator, file, title, description, fields: [...envelope, ...type, own, ...rows.flat()].map(field) };
};

// biome-ignore format: a table, one kind per entry
export const events = {
  LLMUsageAudit: kind('LLMUsageAudit', 'llm-usage-audit', 'A call of a language model',
    'One per upstream attempt of a call that can spend money, whatever its outcome, and one for a call refused before any.',
    caller, answerer, call, usage, costs, impacts, touchedBudgets, context),
  LLMBudgetAudit: kind('LLMBudgetAudit', 'llm-budget-audit', 'A budget touched by a call',
    'One per call and budget that applies to it.', caller, answerer, budgetAudit),
  LLMFeedbackAudit: kind('LLMFeedbackAudit', 'llm-feedback-audit', 'Feedback on a call',
    'What a user or an application thinks of an answer; joined to its call by `request_id`, with the call\'s provider and model copied in.', caller, answerer, feedback, context),
  LLMToolAudit: kind('LLMToolAudit', 'llm-tool-audit', 'A tool run',
    'One per tool run that the gateway itself saw.', caller, answerer, tool, context),
  LLMConfigAudit: kind('LLMConfigAudit', 'llm-config-audit', 'A change of the configuration',
    'One per key, provider, budget or exporter that was created, changed or deleted.', change),
  AiBudgetExceeded: kind('AiBudgetExceeded', 'ai-budget-exceeded', 'A budget is spent',
    'Alert: at least one budget of the call is spent. `budgets` has the layout of LLMUsageAudit, so that both fit one index.', caller, answerer, crossed, touchedBudgets),
  AiBudgetAlmostExceeded: kind('AiBudgetAlmostExceeded', 'ai-budget-almost-exceeded', 'A budget is nearly spent',
    'Alert: a budget passed its warning threshold.', caller, crossed, almostExceeded),
} as const satisfies Record<string, EventKind>;

export type EventName = keyof typeof events;
