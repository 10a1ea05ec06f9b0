/** The spool: what it has taken is on the disk, in order, and stays until it is released or the room is needed. */
import type { AuditRecord } from '../../schemas/record.ts';
import { reasonOf } from '../errors.ts';
import { isUnsound, sqliteCode } from './disk.ts';
import type { Stored } from './record.ts';
import type { Segment } from './segment.ts';
import { Segments, type SegmentsOptions } from './segments.ts';

export interface SpoolOptions extends SegmentsOptions {
  /** Bytes of all segments together. */
  readonly maxBytes: number;
  readonly onFull: 'drop_oldest' | 'refuse_calls';
  /** Milliseconds for which records stay that everybody has passed, as long as there is room for them. */
  readonly keep: number;
  readonly now: () => number;
  /** Number of the last record that nobody needs any more, once the disk knows that, too; asked when room is needed. */
  readonly passed: () => number;
  /** The last number known to have been given; none up to it is given again. */
  readonly lastSeq: number;
  /** Called before records up to this number are deleted for want of room. */
  readonly beforeDrop: (upTo: number) => void;
}

export type Appended =
  /** On the disk: so many were new, the others were there already. */
  | { readonly is: 'stored'; readonly added: number }
  /** No room by `maxBytes`, and none may be made. */
  | { readonly is: 'full' }
  /** The disk does not take it. */
  | { readonly is: 'unwritable'; readonly reason: string };

/** Bytes: a segment is not made smaller than this to fit a small `maxBytes`. */
const smallestSegment = 65_536;
/** Bytes beyond `maxBytes` that calls under way may use when no new ones begin; a tenth of it when that is less. */
const headroom = 64 * 1024 ** 2;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #segments: Segments;
  #nextSeq: number;

  /** Throws what the disk throws when the folder cannot be used at all. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    // So that `drop_oldest` takes a quarter at most.
    const segmentBytes = Math.min(options.segmentBytes, Math.max(Math.floor(options.maxBytes / 4), smallestSegment));
    this.#segments = new Segments({ folder: options.folder, segmentBytes, log: options.log }, options.lastSeq);
    this.#nextSeq = Math.max(options.lastSeq, this.#segments.all.at(-1)?.seqs?.last ?? 0) + 1;
  }

  /** Takes records, in order; a record whose id is there already is not taken twice. */
  append(records: readonly AuditRecord[]): Appended {
    try {
      if (!this.#makeRoom()) return { is: 'full' };
      try {
        return this.#write(records);
      } catch (thrown) {
        const { active } = this.#segments;
        if (!isUnsound(thrown) || !active) throw thrown;
        this.#segments.replace(active, reasonOf(thrown));
        return this.#write(records);
      }
    } catch (thrown) {
      // After a failed sync the kernel believes the pages to be clean: the next sync of this file would lie. A full disk
      // is another matter, SQLite notices it before.
      if (sqliteCode(thrown) !== 13 /* SQLITE_FULL */) this.#segments.abandon();
      return { is: 'unwritable', reason: reasonOf(thrown) };
    }
  }

  #write(records: readonly AuditRecord[]): Appended {
    const segment = this.#segments.writing();
    // An abandoned segment may turn out to hold more than it was thought to.
    this.#nextSeq = Math.max(this.#nextSeq, (this.#segments.all.at(-2)?.seqs?.last ?? 0) + 1);
    const searched = this.#segments.searched;
    const added = segment.append(this.#nextSeq, records, (id) => searched.some((one) => one.has(id)));
    this.#nextSeq += added;
    this.#segments.written();
    this.#freeRoom();
    return { is: 'stored', added };
  }

  /** False when the records must not be taken. */
  #makeRoom(): boolean {
    const { maxBytes, onFull, beforeDrop } = this.#options;
    this.#freeRoom();
    if (onFull === 'refuse_calls') return this.bytes < maxBytes + Math.min(maxBytes / 10, headroom);
    for (let { oldest } = this.#segments; oldest && this.bytes >= maxBytes; { oldest } = this.#segments) {
      const upTo = oldest.seqs?.last ?? 0;
      beforeDrop(upTo);
      this.#segments.release(upTo, Number.POSITIVE_INFINITY);
    }
    return true;
  }

  /** Records behind `after`, in order: at most `count`, about `length` characters. None when there are none, or none yet. */
  read(after: number, count: number, length: number): Stored[] {
    const segments = this.#segments.all;
    for (const [index, segment] of segments.entries()) {
      if (segment.seqs === null || segment.seqs.last <= after) continue;
      const records = this.#readSound(segment, after, count, length);
      if (records === null) return this.read(after, count, length);
      this.#segments.rest(segment);
      const end = segments[index + 1]?.seqs?.first ?? Number.POSITIVE_INFINITY;
      const own = records.filter(({ seq }) => seq < end);
      if (own.length > 0) return own;
    }
    return [];
  }

  /** Null when the segment turned out damaged and was replaced. */
  #readSound(segment: Segment, after: number, count: number, length: number): Stored[] | null {
    let reason = 'records are missing';
    try {
      const records = segment.read(after, count, length);
      const first = Math.max(after + 1, segment.seqs?.first ?? 0);
      const inRow = records.every(({ seq }, index) => seq === first + index);
      if ((inRow && records.length > 0) || segment.salvaged) return records;
    } catch (thrown) {
      if (!isUnsound(thrown)) throw thrown;
      reason = reasonOf(thrown);
    }
    this.#segments.replace(segment, reason);
    return null;
  }

  /** Time of the first record behind `after`, epoch milliseconds; null: none can be seen. Throws what the disk throws. */
  timeAfter(after: number): number | null {
    const segment = this.#segments.all.find(({ seqs }) => seqs !== null && seqs.last > after);
    if (!segment) return null;
    const at = segment.timeAfter(after);
    this.#segments.rest(segment);
    return at;
  }

  get #writtenBefore(): number {
    return this.#options.now() - this.#options.keep;
  }

  /** Would anything be deleted if room were needed? */
  isPassed(upTo: number): boolean {
    const { oldest } = this.#segments;
    return oldest !== undefined && (oldest.seqs?.last ?? 0) <= upTo;
  }

  /** Would `release` delete anything? */
  isReleasable(upTo: number): boolean {
    const { oldest } = this.#segments;
    return this.isPassed(upTo) && oldest !== undefined && oldest.writtenAt <= this.#writtenBefore;
  }

  /** Everybody has passed the records up to there: deletes the files that hold no others and have been kept long enough. */
  release(upTo: number): void {
    this.#segments.release(upTo, this.#writtenBefore);
  }

  /** What is only kept for a rewind goes before anything else. */
  #freeRoom(): void {
    if (this.bytes >= this.#options.maxBytes) this.#segments.release(this.#options.passed(), Number.POSITIVE_INFINITY);
  }

  /**
   * Number of the first record that is kept and not from before that time (epoch milliseconds); one more than `lastSeq`:
   * there is none. Events may stand a little out of the order of their times.
   */
  since(at: number): number {
    for (const segment of this.#segments.all) {
      const found = segment.seqs === null || segment.writtenAt < at ? null : segment.since(at);
      if (found !== null) return found;
    }
    return this.#nextSeq;
  }

  /** The number of the newest record. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** The number of the oldest record that is kept; one more than `lastSeq` when there is none. */
  get oldestSeq(): number {
    return this.#segments.all.find(({ seqs }) => seqs !== null)?.seqs?.first ?? this.#nextSeq;
  }

  /** False while there may be records that the disk does not let us see. */
  get isReadable(): boolean {
    return this.#segments.isReadable;
  }

  /** On the disk. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** Files. */
  get segments(): number {
    return this.#segments.all.length;
  }

  /** Files that turned out damaged since the start. */
  get damaged(): number {
    return this.#segments.damaged;
  }

  /** True when no call should begin that would need room here. */
  get isFull(): boolean {
    return this.#options.onFull === 'refuse_calls' && this.bytes >= this.#options.maxBytes;
  }

  close(): void {
    this.#segments.close();
  }
}
