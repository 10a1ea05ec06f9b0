/** Records on their way into a batch: until it has enough of them, enough bytes, or has waited long enough. */
import type { Outgoing } from './outgoing.ts';

export interface BatchBounds {
  readonly count: number;
  /** Of the bodies, as characters (bytes, for what is plain ASCII). */
  readonly bytes: number;
  /** Milliseconds since its first record. */
  readonly age: number;
}

export class Batch {
  readonly #bounds: BatchBounds;
  #records: Outgoing[] = [];
  #bytes = 0;
  #since = 0;

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** When it is old enough, in the time of `add`'s `since`; Infinity while it is empty. */
  get due(): number {
    return this.isEmpty ? Number.POSITIVE_INFINITY : this.#since + this.#bounds.age;
  }

  /** Adds a record that has waited since then; returns the batch that is complete by it, or before it, if any. */
  add(record: Outgoing, since: number): Outgoing[] | null {
    const tooMuch = !this.isEmpty && this.#bytes + record.body.length > this.#bounds.bytes;
    const before = tooMuch ? this.take() : null;
    if (this.isEmpty) this.#since = since;
    this.#records.push(record);
    this.#bytes += record.body.length;
    const isFull = this.#records.length >= this.#bounds.count || this.#bytes >= this.#bounds.bytes;
    return before ?? (isFull ? this.take() : null);
  }

  /** What there is; empties it. */
  take(): Outgoing[] {
    const records = this.#records;
    this.#records = [];
    this.#bytes = 0;
    return records;
  }
}
