/** The spool: a row of segments. What it has taken is on the disk, and stays until it is released or the disk is needed. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AuditRecord } from '../../schemas/record.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { isUnsound, privateDirectory, sqliteCode } from './disk.ts';
import { wholeRecords } from './pages.ts';
import type { Stored } from './record.ts';
import { finishSalvage, salvage, setAside } from './salvage.ts';
import { Segment } from './segment.ts';

export interface SpoolOptions {
  /** The folder of the segments; made when missing. */
  readonly folder: string;
  /** Bytes of all segments together. */
  readonly maxBytes: number;
  /** Bytes at which a segment is sealed and the next one begun. */
  readonly segmentBytes: number;
  readonly onFull: 'drop_oldest' | 'refuse_calls';
  /** The last number known to have been given; none up to it is given again. */
  readonly lastSeq: number;
  readonly log: Log;
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

/** An id is looked for in so many of the newest segments; in older ones it is not noticed again. */
const remembered = 8;
/** Segments older than those that stay open after they were read. */
const openOld = 4;

const numberOf = (path: string): number => Number.parseInt(basename(path), 10);

const nameOf = (number: number): string => `${String(number).padStart(6, '0')}.db`;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  /** Oldest first. */
  #sealed: Segment[] = [];
  #sealedBytes = 0;
  #activeBytes = 0;
  /** Null before the first record, between two segments, and after the disk has failed in one. */
  #active: Segment | null = null;
  /** The file in which the disk failed. */
  #failed: string | null = null;
  /** Their last records may be there without being durable, so that writing those again must not be skipped. */
  readonly #untrusted = new Set<Segment>();
  #nextSeq: number;
  #lastNumber: number;
  #damaged = 0;

  /** Throws what the disk throws when the folder cannot be used at all. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    // So that `drop_oldest` takes a quarter at most.
    this.#segmentBytes = Math.min(options.segmentBytes, Math.max(Math.floor(options.maxBytes / 4), 65_536));
    privateDirectory(options.folder);
    finishSalvage(options.folder);
    const paths = readdirSync(options.folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[0-9]{6,}\.db$/.test(entry.name))
      .map(({ name }) => join(options.folder, name))
      .sort((one, other) => numberOf(one) - numberOf(other));
    this.#lastNumber = Math.max(0, ...paths.map(numberOf));
    for (const path of paths) this.#adopt(path);
    this.#nextSeq = Math.max(options.lastSeq, this.#sealed.at(-1)?.seqs?.last ?? 0) + 1;
    this.#mendGaps();
    const last = this.#sealed.at(-1);
    if (last && !last.sealed && last.size < this.#segmentBytes) this.#active = this.#sealed.pop() ?? null;
    for (const segment of this.#sealed) segment.seal();
    this.#count();
  }

  /** Takes over a file that an earlier process has left. */
  #adopt(path: string): void {
    let segment: Segment | null;
    try {
      // SQLite ends its log at the first frame that is not whole; behind a damaged one there may be others.
      const logged = [...wholeRecords(path, { logOnly: true })];
      segment = Segment.open(path);
      if (logged.length > 0) segment.restore(logged);
    } catch (thrown) {
      if (!isUnsound(thrown)) throw thrown;
      segment = this.#salvage(path, reasonOf(thrown));
    }
    if (!segment) return;
    const before = this.#sealed.at(-1)?.seqs;
    if (segment.seqs === null) segment.unlink();
    else if (before && segment.seqs.first <= before.first) {
      segment.rest();
      setAside(path);
      this.#options.log('error', 'spool file holds what an older one holds: set aside', { file: basename(path) });
    } else this.#sealed.push(segment);
  }

  /** Between two files no number is missing; where one is, the end of the former may be damaged in a way that SQLite does not see. */
  #mendGaps(): void {
    for (const [index, segment] of [...this.#sealed].entries()) {
      const next = this.#sealed[index + 1]?.seqs?.first ?? this.#nextSeq;
      if (segment.salvaged || segment.seqs?.last === next - 1) continue;
      if ((segment.seqs?.last ?? 0) < next - 1) this.#replace(segment, 'records are missing at its end');
    }
  }

  #salvage(path: string, reason: string): Segment | null {
    this.#damaged++;
    const segment = salvage(path);
    const kept = segment?.seqs ? segment.seqs.last - segment.seqs.first + 1 : 0;
    this.#options.log('error', 'spool file is damaged: set aside, its whole records kept', { file: basename(path), reason, kept });
    return segment;
  }

  /** Puts what can be salvaged of a segment in its place. */
  #replace(segment: Segment, reason: string): void {
    segment.rest();
    const mended = this.#salvage(segment.path, reason);
    mended?.seal();
    if (segment === this.#active) {
      if (mended) this.#sealed.push(mended);
      this.#active = null;
    } else this.#sealed = this.#sealed.flatMap((one) => (one !== segment ? [one] : mended ? [mended] : []));
    this.#count();
  }

  #count(): void {
    this.#sealedBytes = this.#sealed.reduce((sum, { size }) => sum + size, 0);
    this.#activeBytes = this.#active?.size ?? 0;
  }

  /** The segment to write to. Throws while the disk does not let a new one begin. */
  #writing(): Segment {
    if (this.#failed !== null) {
      const segment = Segment.open(this.#failed);
      segment.seal();
      this.#sealed.push(segment);
      this.#untrusted.add(segment);
      this.#count();
      this.#failed = null;
      this.#nextSeq = Math.max(this.#nextSeq, (segment.seqs?.last ?? 0) + 1);
    }
    if (!this.#active) {
      this.#active = Segment.create(join(this.#options.folder, nameOf(this.#lastNumber + 1)));
      this.#lastNumber++;
    }
    return this.#active;
  }

  #knows(id: string): boolean {
    return this.#sealed.slice(-remembered).some((segment) => !this.#untrusted.has(segment) && segment.has(id));
  }

  /** Takes records, in order; a record whose id is there already is not taken twice. */
  append(records: readonly AuditRecord[]): Appended {
    if (!this.#makeRoom()) return { is: 'full' };
    try {
      return this.#write(records);
    } catch (thrown) {
      if (isUnsound(thrown) && this.#active) {
        this.#replace(this.#active, reasonOf(thrown));
        return this.append(records);
      }
      // After a failed sync the kernel believes the pages to be clean: the next sync of this file would lie.
      if (sqliteCode(thrown) === 10 /* SQLITE_IOERR */ && this.#active) {
        this.#failed = this.#active.path;
        this.#active.rest();
        this.#active = null;
        this.#count();
      }
      return { is: 'unwritable', reason: reasonOf(thrown) };
    }
  }

  #write(records: readonly AuditRecord[]): Appended {
    const segment = this.#writing();
    const added = segment.append(this.#nextSeq, records, (id) => this.#knows(id));
    this.#nextSeq += added;
    this.#activeBytes = segment.size;
    if (this.#activeBytes >= this.#segmentBytes) {
      segment.seal();
      this.#sealed.push(segment);
      this.#active = null;
      this.#count();
    }
    return { is: 'stored', added };
  }

  /** False when the records must not be taken. Calls in flight when the spool fills up still have a tenth to go. */
  #makeRoom(): boolean {
    const { maxBytes, onFull, beforeDrop } = this.#options;
    if (onFull === 'refuse_calls') return this.bytes < maxBytes + Math.min(maxBytes / 10, 64 * 1024 ** 2);
    while (this.bytes >= maxBytes && this.#sealed[0]) {
      const upTo = this.#sealed[0].seqs?.last ?? 0;
      beforeDrop(upTo);
      this.release(upTo);
    }
    return true;
  }

  /** Records behind `after`, in order; none when there are none (yet). At most `count`, about `length` characters. */
  read(after: number, count: number, length: number): Stored[] {
    const segments = this.#active ? [...this.#sealed, this.#active] : this.#sealed;
    for (const [index, segment] of segments.entries()) {
      if (segment.seqs === null || segment.seqs.last <= after) continue;
      const records = this.#readSound(segment, after, count, length);
      if (records === null) return this.read(after, count, length);
      this.#rest(segment);
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
    this.#replace(segment, reason);
    return null;
  }

  /** Keeps few files open: those that are searched for ids, and some older ones. */
  #rest(used: Segment): void {
    const old = this.#sealed.slice(0, -remembered).filter(({ isOpen }) => isOpen);
    for (const segment of old.slice(openOld)) if (segment !== used) segment.rest();
  }

  /** Would `release` delete anything? */
  isReleasable(upTo: number): boolean {
    const oldest = this.#sealed[0];
    return oldest !== undefined && (oldest.seqs?.last ?? 0) <= upTo;
  }

  /** Deletes the segments all of whose records are at or before `upTo`, but for the one being written. */
  release(upTo: number): void {
    const before = this.#sealed.length;
    this.#sealed = this.#sealed.filter((segment) => {
      if (segment.seqs !== null && segment.seqs.last > upTo) return true;
      this.#untrusted.delete(segment);
      segment.unlink();
      return false;
    });
    if (this.#sealed.length < before) this.#count();
  }

  /** The number of the newest record. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** The number of the oldest record that is kept; one more than `lastSeq` when there is none. */
  get oldestSeq(): number {
    return this.#sealed[0]?.seqs?.first ?? this.#active?.seqs?.first ?? this.#nextSeq;
  }

  /** False while the disk does not let us see what a failed segment holds. */
  get isReadable(): boolean {
    return this.#failed === null;
  }

  get bytes(): number {
    return this.#sealedBytes + this.#activeBytes;
  }

  get segments(): number {
    return this.#sealed.length + (this.#active ? 1 : 0);
  }

  /** Files that turned out damaged since the start. */
  get damaged(): number {
    return this.#damaged;
  }

  /** True when no call should begin that would need room here. */
  get isFull(): boolean {
    return this.#options.onFull === 'refuse_calls' && this.bytes >= this.#options.maxBytes;
  }

  close(): void {
    for (const segment of this.#sealed) segment.rest();
    this.#active?.rest();
  }
}
