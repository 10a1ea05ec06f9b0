/** The records that an exporter has read and not yet settled: they may end in any order, the cursor passes them in theirs. */
import { type Cursor, type Fate, fates } from '../spool/cursors.ts';

interface Entry {
  /** Last record number of the run that it stands for. */
  readonly upTo: number;
  readonly count: number;
  fate: Fate | null;
}

export class Window {
  #cursor: Cursor;
  #entries: Entry[] = [];
  readonly #open = new Map<number, Entry>();

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** The durable part: everything up to here is settled. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Number of the last record that was read. */
  get read(): number {
    return this.#entries.at(-1)?.upTo ?? this.#cursor.seq;
  }

  /** The next record is on its way. */
  take(seq: number): void {
    const entry: Entry = { upTo: seq, count: 1, fate: null };
    this.#entries.push(entry);
    this.#open.set(seq, entry);
  }

  /** All records up to this number have a fate without being sent. */
  pass(upTo: number, fate: Fate): void {
    const count = upTo - this.read;
    const last = this.#entries.at(-1);
    if (count <= 0) return;
    // One entry for a run, so that a million filtered records are no more to remember than one.
    if (last?.fate === fate) this.#entries[this.#entries.length - 1] = { upTo, count: last.count + count, fate };
    else this.#entries.push({ upTo, count, fate });
  }

  /** A record that was taken has met its fate. */
  settle(seq: number, fate: Fate): void {
    const entry = this.#open.get(seq);
    if (!entry) return;
    entry.fate = fate;
    this.#open.delete(seq);
  }

  /** A record that stands in no order, offered once more, has met its fate. */
  settleAgain(fate: Fate): void {
    this.#cursor = { ...this.#cursor, again: this.#cursor.again + 1, [fate]: this.#cursor[fate] + 1 };
  }

  /** Moves the cursor over what is settled; false when it cannot move. */
  advance(): boolean {
    const open = this.#entries.findIndex(({ fate }) => fate === null);
    const settled = open < 0 ? this.#entries : this.#entries.slice(0, open);
    const last = settled.at(-1);
    if (!last) return false;
    const counts = Object.fromEntries(fates.map((fate) => [fate, this.#cursor[fate]])) as Record<Fate, number>;
    for (const { fate, count } of settled) if (fate) counts[fate] += count;
    this.#cursor = { ...this.#cursor, seq: last.upTo, ...counts };
    this.#entries = open < 0 ? [] : this.#entries.slice(open);
    return true;
  }
}
