/** Every reason why the delivery refuses something, with its code; docs/delivery.md lists them. */

export type DeliveryErrorCode =
  /** The configuration of the exporters is wrong. */
  | 'bad_exporters'
  /** Another process owns the data directory. */
  | 'directory_owned'
  /** The data directory cannot be used (missing rights, not a directory, read-only disk). */
  | 'directory_unusable'
  /** `on_full: refuse_calls` and the spool is full: the host answers 503. */
  | 'spool_full'
  /** The disk takes nothing (full, failing, too slow) and the memory that bridges the gap is used up. */
  | 'spool_unwritable'
  /** No exporter has that id. */
  | 'no_such_exporter'
  /** Nothing is taken any more: `close` was called. */
  | 'closed'
  /** The delivery thread has ended although nobody asked it to: a bug, or no memory. */
  | 'thread_ended';

export class DeliveryError extends Error {
  readonly code: DeliveryErrorCode;

  constructor(code: DeliveryErrorCode, message: string) {
    super(message);
    this.name = 'DeliveryError';
    this.code = code;
  }
}

/** The text of anything thrown. */
export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
