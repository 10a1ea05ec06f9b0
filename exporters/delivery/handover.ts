/** The accepting side of the thread boundary: hands records over in groups, and keeps the promises until they are on the disk. */
import type { AuditRecord } from '../../schemas/record.ts';
import { DeliveryError } from '../errors.ts';
import type { FlatRecords } from './messages.ts';

/**
 * Milliseconds between two messages to the delivery thread, which commits what each brings: at 3000 events a second that
 * is half the CPU time of a commit for each. An event goes at once when no other is waiting, and so do this many.
 */
const betweenPosts = 5;
const worthPosting = 32;

interface Promised {
  readonly length: number;
  readonly resolve: () => void;
  readonly reject: (error: DeliveryError) => void;
}

export class Handover {
  readonly #send: (records: FlatRecords) => void;
  readonly #memory: number;
  #unposted: FlatRecords = [];
  #postedAt = 0;
  /** Oldest first, from `#settled` on. */
  #promised: Promised[] = [];
  #settled = 0;
  /** Characters of what is promised. */
  #length = 0;

  /** `memory`: characters that may wait for the disk. */
  constructor(send: (records: FlatRecords) => void, memory: number) {
    this.#send = send;
    this.#memory = memory;
  }

  /** Resolves when the record is on the disk. */
  take({ id, at, kind, body }: AuditRecord): Promise<void> {
    if (!this.hasRoom) {
      const reason = 'the disk takes nothing, or too slowly, and the memory for such times is used up';
      return Promise.reject(new DeliveryError('spool_unwritable', reason));
    }
    this.#unposted.push(id, at, kind, body);
    this.#length += body.length;
    this.#schedule();
    return new Promise((resolve, reject) => this.#promised.push({ length: body.length, resolve, reject }));
  }

  #schedule(): void {
    if (this.#unposted.length === 4 * worthPosting) setImmediate(() => this.post());
    if (this.#unposted.length > 4) return;
    const isAlone = this.#promised.length === this.#settled;
    const wait = isAlone ? 0 : Math.ceil(this.#postedAt + betweenPosts - performance.now());
    if (wait > 0) setTimeout(() => this.post(), wait);
    else setImmediate(() => this.post());
  }

  /** Sends what there is now. */
  post(): void {
    if (this.#unposted.length === 0) return;
    this.#postedAt = performance.now();
    this.#send(this.#unposted);
    this.#unposted = [];
  }

  /** The next so many records are on the disk, or refused. */
  settle(count: number, error: DeliveryError | null): void {
    const end = Math.min(this.#settled + count, this.#promised.length);
    for (; this.#settled < end; this.#settled++) {
      const { length, resolve, reject } = this.#promised[this.#settled] as Promised;
      this.#length -= length;
      if (error) reject(error);
      else resolve();
    }
    // Shifting one by one would copy the rest each time.
    if (this.#settled >= 1_000 || this.#settled === this.#promised.length) {
      this.#promised = this.#promised.slice(this.#settled);
      this.#settled = 0;
    }
  }

  /** False while the memory for times in which the disk takes nothing is used up. */
  get hasRoom(): boolean {
    return this.#length < this.#memory;
  }

  /** Nobody will settle what is left: how many records that were. */
  end(error: DeliveryError): number {
    const left = this.#promised.length - this.#settled;
    this.settle(left, error);
    return left;
  }
}
