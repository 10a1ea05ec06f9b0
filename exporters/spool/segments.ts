/** The files of a spool, oldest first: finds them, begins and seals them, replaces damaged ones, deletes those no longer needed. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { isUnsound, privateDirectory, sqliteCode } from './disk.ts';
import { wholeRecords } from './pages.ts';
import { finishSalvage, salvage, setAside } from './salvage.ts';
import { Segment } from './segment.ts';
import { removeDatabase } from './segment-file.ts';

export interface SegmentsOptions {
  /** Made when missing. */
  readonly folder: string;
  /** Bytes at which a segment is sealed and the next one begun. */
  readonly segmentBytes: number;
  readonly log: Log;
}

/** So many of the newest stay open, to be searched for ids; */
export const remembered = 8;
/** and so many of the others, to be read. */
const openOld = 4;

const numberOf = (path: string): number => Number.parseInt(basename(path), 10);

const nameOf = (number: number): string => `${String(number).padStart(6, '0')}.db`;

const holdsRecords = (path: string): boolean => {
  for (const _ of wholeRecords(path, { logOnly: false })) return true;
  return false;
};

export class Segments {
  readonly #options: SegmentsOptions;
  #sealed: Segment[] = [];
  #sealedBytes = 0;
  #activeBytes = 0;
  /** Null before the first record, between two segments, and after the disk has failed in one. */
  #active: Segment | null = null;
  /** The file in which the disk failed. */
  #failed: string | null = null;
  readonly #doubtful = new Set<Segment>();
  #lastNumber: number;
  #damaged = 0;

  /** `lastSeq`: the last number known to have been given. Throws what the disk throws. */
  constructor(options: SegmentsOptions, lastSeq: number) {
    const { folder } = options;
    this.#options = options;
    privateDirectory(folder);
    finishSalvage(folder);
    const paths = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[0-9]{6,}\.db$/.test(entry.name))
      .map(({ name }) => join(folder, name))
      .sort((one, other) => numberOf(one) - numberOf(other));
    this.#lastNumber = Math.max(0, ...paths.map(numberOf));
    for (const path of paths) this.#adopt(path);
    this.#mendGaps(lastSeq);
    const last = this.#sealed.at(-1);
    if (last && !last.sealed && last.size < options.segmentBytes) this.#active = this.#sealed.pop() ?? null;
    for (const segment of this.#sealed) this.#sealWhereRoom(segment);
    this.#count();
  }

  /** Folding the log of a file into it takes room; on a full disk it is read as it is, and deleted as the others are. */
  #sealWhereRoom(segment: Segment): void {
    try {
      segment.seal();
    } catch (thrown) {
      if (sqliteCode(thrown) !== 13 /* SQLITE_FULL */) throw thrown;
      this.#options.log('warn', 'no room to seal a file of the spool', { file: basename(segment.path) });
    }
  }

  /** Opens a file, or what can be salvaged of it; null when that is nothing. Throws what the disk throws. */
  #openSound(path: string): Segment | null {
    let segment: Segment | null = null;
    try {
      // SQLite ends its log at the first frame that is not whole; behind a damaged one there may be others.
      const logged = [...wholeRecords(path, { logOnly: true })];
      segment = Segment.open(path);
      if (logged.length > 0) segment.restore(logged);
      return segment;
    } catch (thrown) {
      segment?.rest();
      if (isUnsound(thrown)) return this.#salvage(path, reasonOf(thrown));
      // On a full disk: one that was being begun when the disk filled up.
      if (sqliteCode(thrown) !== 13 /* SQLITE_FULL */ || holdsRecords(path)) throw thrown;
      removeDatabase(path);
      return null;
    }
  }

  /** Takes over a file that an earlier process has left. */
  #adopt(path: string): void {
    const segment = this.#openSound(path);
    if (!segment) return;
    if (segment.sealed) segment.rest();
    const before = this.#sealed.at(-1)?.seqs;
    if (segment.seqs === null) segment.unlink();
    else if (before && segment.seqs.first <= before.first) {
      segment.rest();
      setAside(path);
      this.#options.log('error', 'spool file holds what an older one holds: set aside', { file: basename(path) });
    } else this.#sealed.push(segment);
  }

  /** Between two files no number is missing; where one is, the end of the former may be damaged in a way that SQLite does not see. */
  #mendGaps(lastSeq: number): void {
    for (const [index, segment] of [...this.#sealed].entries()) {
      const end = this.#sealed[index + 1]?.seqs?.first ?? lastSeq + 1;
      if (!segment.salvaged && (segment.seqs?.last ?? 0) < end - 1)
        this.replace(segment, 'records are missing at its end');
    }
  }

  #salvage(path: string, reason: string): Segment | null {
    this.#damaged++;
    const segment = salvage(path);
    const kept = segment?.seqs ? segment.seqs.last - segment.seqs.first + 1 : 0;
    this.#options.log('error', 'spool file is damaged: set aside, its whole records kept', {
      file: basename(path),
      reason,
      kept,
    });
    return segment;
  }

  /** Puts what can be salvaged of a segment in its place. */
  replace(segment: Segment, reason: string): void {
    segment.rest();
    const mended = this.#salvage(segment.path, reason);
    if (segment === this.#active) {
      this.#active = null;
      if (mended) this.#sealed.push(mended);
    } else this.#sealed = this.#sealed.flatMap((one) => (one !== segment ? [one] : mended ? [mended] : []));
    this.#count();
  }

  #count(): void {
    this.#sealedBytes = this.#sealed.reduce((sum, { size }) => sum + size, 0);
    this.#activeBytes = this.#active?.size ?? 0;
  }

  /** The segment to write to. Throws while the disk does not let one begin. */
  writing(): Segment {
    if (this.#failed !== null) {
      const segment = this.#openSound(this.#failed);
      segment?.seal();
      if (segment) this.#sealed.push(segment);
      if (segment) this.#doubtful.add(segment);
      this.#failed = null;
      this.#count();
    }
    if (!this.#active) {
      this.#active = Segment.create(join(this.#options.folder, nameOf(this.#lastNumber + 1)));
      this.#lastNumber++;
    }
    return this.#active;
  }

  /** The segment to write to has been written to. */
  written(): void {
    this.#activeBytes = this.#active?.size ?? 0;
    if (!this.#active || this.#activeBytes < this.#options.segmentBytes) return;
    this.#sealWhereRoom(this.#active);
    this.#sealed.push(this.#active);
    this.#active = null;
    this.#count();
  }

  /** Nothing more is written to the present segment: the disk has failed in it. */
  abandon(): void {
    if (!this.#active) return;
    this.#failed = this.#active.path;
    this.#active.rest();
    this.#active = null;
    this.#count();
  }

  /** Oldest first, the one being written last. */
  get all(): readonly Segment[] {
    return this.#active ? [...this.#sealed, this.#active] : this.#sealed;
  }

  get active(): Segment | null {
    return this.#active;
  }

  /** The oldest that is not written any more. */
  get oldest(): Segment | undefined {
    return this.#sealed[0];
  }

  /** Those to search for an id before it is taken again; an abandoned one may hold records that are not on the disk. */
  get searched(): Segment[] {
    return this.#sealed.slice(-remembered).filter((segment) => !this.#doubtful.has(segment));
  }

  /** False while the disk does not let us see what an abandoned segment holds. */
  get isReadable(): boolean {
    return this.#failed === null;
  }

  get bytes(): number {
    return this.#sealedBytes + this.#activeBytes;
  }

  /** Files that turned out damaged since the start. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Closes files until few are open, but for the one that is in use. */
  rest(used: Segment): void {
    const open = this.#sealed.slice(0, -remembered).filter(({ isOpen }) => isOpen);
    for (const segment of open.slice(openOld)) if (segment !== used && segment.sealed) segment.rest();
  }

  /** Deletes the segments all of whose records are at or before `upTo`, if they are older than that, but for the one being written. */
  release(upTo: number, writtenBefore: number): void {
    const before = this.#sealed.length;
    this.#sealed = this.#sealed.filter((segment) => {
      if ((segment.seqs?.last ?? 0) > upTo || segment.writtenAt > writtenBefore) return true;
      this.#doubtful.delete(segment);
      segment.unlink();
      return false;
    });
    if (this.#sealed.length < before) this.#count();
  }

  close(): void {
    for (const segment of this.all) segment.rest();
  }
}
