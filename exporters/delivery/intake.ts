/** Group commit: whatever has arrived while the last commit ran becomes the next one. No timer waits for more. */
import type { AuditRecord } from '../../schemas/record.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Appended } from '../spool/spool.ts';

/** Records in one transaction, so that reading for the exporters gets its turn. */
const largestGroup = 1_000;
/** Milliseconds until a disk that took nothing is tried again. */
const diskPause = 500;

export interface IntakeParts {
  append(records: readonly AuditRecord[]): Appended;
  readonly clock: Clock;
  readonly log: Log;
  /** The next so many records, in the order in which they came, are stored or refused. */
  readonly settled: (count: number, is: 'stored' | 'full') => void;
}

export class Intake {
  readonly #parts: IntakeParts;
  #waiting: AuditRecord[] = [];
  #cancel: (() => void) | null = null;
  #trouble: string | null = null;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Records that are in memory only. */
  get unwritten(): number {
    return this.#waiting.length;
  }

  /** Why the disk took nothing the last time; null when it did. */
  get trouble(): string | null {
    return this.#trouble;
  }

  push(records: readonly AuditRecord[]): void {
    for (const record of records) this.#waiting.push(record);
    this.#schedule(0);
  }

  /** What is not written by now stays unwritten. */
  stop(): void {
    this.#cancel?.();
    this.#waiting = [];
  }

  #schedule(milliseconds: number): void {
    if (this.#cancel || this.#waiting.length === 0) return;
    this.#cancel = this.#parts.clock.after(milliseconds, () => {
      this.#cancel = null;
      this.#commit();
    });
  }

  #commit(): void {
    const { append, log, settled } = this.#parts;
    const group = this.#waiting.slice(0, largestGroup);
    const appended = append(group);
    if (appended.is === 'unwritable') {
      if (this.#trouble === null)
        log('error', 'the spool cannot be written: records wait in memory', { reason: appended.reason });
      this.#trouble = appended.reason;
      this.#schedule(diskPause);
      return;
    }
    if (this.#trouble !== null) log('info', 'the spool can be written again');
    this.#trouble = null;
    this.#waiting = this.#waiting.slice(group.length);
    settled(group.length, appended.is);
    this.#schedule(0);
  }
}
