/** Records that are offered once more, out of their order: who asked for them is told what became of each. */
import type { AuditRecord } from '../../schemas/record.ts';
import type { Fate } from '../spool/cursors.ts';
import type { Stored } from '../spool/record.ts';

type Answer = (Fate | null)[];

interface Call {
  readonly answer: Answer;
  open: number;
  readonly done: (answer: Answer) => void;
}

export class Encore {
  /** Below zero, where no record of the spool is. */
  #lastSeq = 0;
  readonly #open = new Map<number, { readonly call: Call; readonly index: number }>();

  /** Numbers them for the way; `fates` resolves when each has met its own, or at the end (null for the others). */
  begin(records: readonly AuditRecord[]): { readonly numbered: Stored[]; readonly fates: Promise<Answer> } {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const call: Call = { answer: records.map(() => null), open: records.length, done: resolve };
    if (records.length === 0) resolve([]);
    const numbered = records.map((record, index) => {
      const seq = --this.#lastSeq;
      this.#open.set(seq, { call, index });
      return { ...record, seq };
    });
    return { numbered, fates: promise };
  }

  /** False when the number is none of ours. */
  settle(seq: number, fate: Fate): boolean {
    return this.#close(seq, fate);
  }

  #close(seq: number, fate: Fate | null): boolean {
    const entry = this.#open.get(seq);
    if (!entry) return false;
    this.#open.delete(seq);
    const { call, index } = entry;
    call.answer[index] = fate;
    if (--call.open === 0) call.done(call.answer);
    return true;
  }

  /** Records that have not met their fate. */
  get open(): number {
    return this.#open.size;
  }

  /** These will not be settled. */
  forsake(seqs: readonly number[]): void {
    for (const seq of seqs) this.#close(seq, null);
  }

  /** Nothing more will be settled. */
  end(): void {
    for (const { call } of this.#open.values()) call.done(call.answer);
    this.#open.clear();
  }
}
