/** How much an event asks for attention, in the levels of OpenTelemetry's log data model. */

export interface Severity {
  /** SeverityNumber. */
  readonly number: number;
  readonly text: string;
}

export const info: Severity = { number: 9, text: 'INFO' };
export const warn: Severity = { number: 13, text: 'WARN' };
export const error: Severity = { number: 17, text: 'ERROR' };

/** By the kind of event, which says more than its fields. */
const byKind: Readonly<Record<string, Severity>> = { AiBudgetAlmostExceeded: warn };

/** By the values of `outcome` and `decision`. */
const byWord: Readonly<Record<string, Severity>> = {
  error,
  timeout: error,
  blocked: warn,
  soft_exceeded: warn,
};

/** Of the accepted event: a projection makes no alert less urgent. `kind` is its `audit` or `alert` name. */
export const severityOf = (kind: string, event: Readonly<Record<string, unknown>> | null): Severity =>
  byKind[kind] ??
  (event?.['@type'] === 'AlertEvent' ? error : null) ??
  byWord[String(event?.['outcome'] ?? event?.['decision'])] ??
  info;
