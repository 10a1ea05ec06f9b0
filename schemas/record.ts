/** Where the plugin side and the exporter side meet: a finished event, and who takes it. */

/** A finished, redacted event. `body` is its JSON text, made once and carried unchanged to the disk and beyond. */
export interface AuditRecord {
  /** `@id` of the event: stable across retries and restarts, time-ordered. */
  readonly id: string;
  /** `@timestamp`: epoch milliseconds. */
  readonly at: number;
  /** The `audit` or `alert` name, e.g. `LLMUsageAudit`. */
  readonly kind: string;
  readonly body: string;
}

export interface Acceptor {
  /** Resolves when the record is on disk (accepted): from then on it survives a crash. Rejects when it cannot be. */
  accept(record: AuditRecord): Promise<void>;
  /** Puts aside a record that must not be delivered as it is (e.g. not valid by its schema), with the reason. */
  deadLetter(record: AuditRecord, reason: string): Promise<void>;
}
