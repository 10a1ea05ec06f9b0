/** One file of the spool: a SQLite database that is appended to, then sealed, then unlinked as a whole. */
import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AuditRecord } from '../../schemas/record.ts';
import { privateDatabase, syncDirectory } from './disk.ts';
import { checksum, type Stored } from './record.ts';

/** Bytes. Seven events of 2 KB fit a page, where SQLite's default of 4096 wastes half of it. */
export const pageSize = 16_384;

/** The salvager (pages.ts) reads these columns in this order. */
const table = `CREATE TABLE IF NOT EXISTS event(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, kind TEXT NOT NULL, crc INTEGER NOT NULL, body TEXT NOT NULL)`;

const salvagedMark = 1;

type Row = { seq: number; id: string; at: number; kind: string; crc: number; body: string };

/** The first and last of something that only grows; null while there is nothing. */
interface Range<T> {
  readonly first: T;
  readonly last: T;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

export class Segment {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #find: StatementSync;
  #seqs: Range<number> | null;
  #ids: Range<string> | null;

  /** Opens the file, made when missing. Throws what SQLite throws when it is not sound. */
  constructor(path: string) {
    this.path = path;
    const unclean = sizeOf(`${path}-wal`) > 0;
    this.#database = privateDatabase(path);
    try {
      this.#database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${table}`);
      if (unclean) this.#check();
      this.#insert = this.#database.prepare('INSERT INTO event VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
      this.#select = this.#database.prepare('SELECT seq, id, at, kind, crc, body FROM event WHERE seq > ? ORDER BY seq');
      this.#find = this.#database.prepare('SELECT 1 FROM event WHERE id = ?');
      this.#seqs = this.#range<number>('seq');
      this.#ids = this.#range<string>('id');
    } catch (thrown) {
      this.#database.close();
      throw thrown;
    }
    syncDirectory(dirname(path));
  }

  #range<T>(column: 'seq' | 'id'): Range<T> | null {
    // Two queries: SQLite answers each from one end of the tree, but both in one by reading all of it.
    const first = this.#database.prepare(`SELECT min(${column}) AS value FROM event`).get()?.['value'];
    const last = this.#database.prepare(`SELECT max(${column}) AS value FROM event`).get()?.['value'];
    return first === null || last === null ? null : { first: first as T, last: last as T };
  }

  /** After a crash: is the tree in order? (The contents are checked row by row when they are read.) */
  #check(): void {
    const verdict = this.#database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (verdict !== 'ok') throw Object.assign(new Error(String(verdict)), { errcode: 11 });
  }

  /** Sequence numbers of the first and last record; null when empty. */
  get seqs(): Range<number> | null {
    return this.#seqs;
  }

  /** Rebuilt from a damaged file: what is missing in it is lost for good. */
  get salvaged(): boolean {
    return this.#database.prepare('PRAGMA user_version').get()?.['user_version'] === salvagedMark;
  }

  markSalvaged(): void {
    this.#database.exec(`PRAGMA user_version = ${salvagedMark}`);
  }

  /** Bytes on the disk. */
  get size(): number {
    return sizeOf(this.path) + sizeOf(`${this.path}-wal`);
  }

  has(id: string): boolean {
    const ids = this.#ids;
    return ids !== null && id >= ids.first && id <= ids.last && this.#find.get(id) !== undefined;
  }

  /**
   * Writes records in one transaction, numbered from `seq`; those whose id is there already (or `known` elsewhere) are
   * left out. Returns how many were new. They are on the disk when it returns; when it throws none of them is.
   */
  append(seq: number, records: readonly AuditRecord[], known: (id: string) => boolean): number {
    let next = seq;
    let first = this.#ids?.first;
    let last = this.#ids?.last;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const record of records) {
        if (known(record.id) || this.#put({ ...record, seq: next }) === 0) continue;
        next++;
        if (first === undefined || record.id < first) first = record.id;
        if (last === undefined || record.id > last) last = record.id;
      }
      this.#database.exec('COMMIT');
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
    if (first !== undefined && last !== undefined) this.#ids = { first, last };
    if (next > seq) this.#seqs = { first: this.#seqs?.first ?? seq, last: next - 1 };
    return next - seq;
  }

  /** Writes back records that already have their numbers; those that are there stay as they are. Returns how many were missing. */
  restore(records: Iterable<Stored>): number {
    let missing = 0;
    this.#database.exec('BEGIN IMMEDIATE');
    for (const record of records) missing += this.#put(record);
    this.#database.exec('COMMIT');
    this.#seqs = this.#range<number>('seq');
    this.#ids = this.#range<string>('id');
    return missing;
  }

  #put(record: Stored): number {
    const { seq, id, at, kind, body } = record;
    return Number(this.#insert.run(seq, id, at, kind, checksum(record), body).changes);
  }

  /** Records behind `after`, in order: at most `count`, and no more once their bodies have `length` characters together. */
  read(after: number, count: number, length: number): Stored[] {
    const records: Stored[] = [];
    let sum = 0;
    for (const row of this.#select.iterate(after)) {
      const { crc, ...record } = row as Row;
      records.push(checksum(record) === crc ? record : { ...record, damaged: true });
      sum += record.body.length;
      if (records.length >= count || sum >= length) break;
    }
    return records;
  }

  /** Nothing more will be written: folds the log into the file, so that one plain file remains. */
  seal(): void {
    this.#database.exec('PRAGMA journal_mode = DELETE');
  }

  close(): void {
    this.#database.close();
  }

  /** Closes and deletes the file. */
  unlink(): void {
    this.close();
    removeDatabase(this.path);
  }
}

/** Deletes a database with its companions, the file itself last: a log without its file would be taken for another's. */
export const removeDatabase = (path: string): void => {
  for (const suffix of ['-wal', '-shm', '-journal', '']) rmSync(`${path}${suffix}`, { force: true });
  syncDirectory(dirname(path));
};
