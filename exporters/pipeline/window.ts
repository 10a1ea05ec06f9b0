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
  readonly #few: number;
  #foldAt: number;

  /** `few`: entries that are not worth the trouble of putting together. */
  constructor(cursor: Cursor, few = 10_000) {
    this.#cursor = cursor;
    this.#few = few;
    this.#foldAt = few;
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
    if (this.#entries.length >= this.#foldAt) this.#fold();
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

  /** While a record is not settled for long, those behind it are remembered as few: one for each fate up to the next open one. */
  #fold(): void {
    const folded: Entry[] = [];
    let counts = new Map<Fate, number>();
    let upTo = 0;
    const close = (): void => {
      for (const [fate, count] of counts) folded.push({ upTo, count, fate });
      counts = new Map();
    };
    for (const entry of this.#entries) {
      if (entry.fate === null) {
        close();
        folded.push(entry);
      } else counts.set(entry.fate, (counts.get(entry.fate) ?? 0) + entry.count);
      upTo = entry.upTo;
    }
    close();
    this.#entries = folded;
    this.#foldAt = Math.max(this.#few, 2 * folded.length);
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
