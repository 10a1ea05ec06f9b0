/** One file of the spool: a SQLite database that is appended to, then sealed, then unlinked as a whole. */
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AuditRecord } from '../../schemas/record.ts';
import { syncDirectory, unsound } from './disk.ts';
import type { Found } from './pages.ts';
import { checksum, type Stored } from './record.ts';
import { isSealed, openFile, pageSize, removeDatabase, sizeOf, writtenAt } from './segment-file.ts';

const salvagedMark = 1;

type Row = { seq: number; id: string; at: number; kind: string; crc: number; body: string };

/** The first and last of something that grows. */
interface Range<T> {
  readonly first: T;
  readonly last: T;
}

interface Connection {
  readonly database: DatabaseSync;
  readonly insert: StatementSync;
  readonly restore: StatementSync;
  readonly select: StatementSync;
  readonly find: StatementSync;
}

const connect = (database: DatabaseSync): Connection => ({
  database,
  insert: database.prepare('INSERT INTO event VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING'),
  restore: database.prepare('INSERT OR IGNORE INTO event VALUES(?, ?, ?, ?, ?, ?)'),
  select: database.prepare('SELECT seq, id, at, kind, crc, body FROM event WHERE seq > ? ORDER BY seq'),
  find: database.prepare('SELECT 1 FROM event WHERE id = ?'),
});

const range = <T>({ database }: Connection, column: 'seq' | 'id'): Range<T> | null => {
  // Two queries: SQLite answers each from one end of the tree, but both in one by reading all of it.
  const first = database.prepare(`SELECT min(${column}) AS value FROM event`).get()?.['value'];
  const last = database.prepare(`SELECT max(${column}) AS value FROM event`).get()?.['value'];
  return first === null || last === null ? null : { first: first as T, last: last as T };
};

export class Segment {
  readonly path: string;
  #connection: Connection | null;
  #sealed: boolean;
  #seqs: Range<number> | null;
  #ids: Range<string> | null;
  #salvaged: boolean;

  private constructor(path: string, sealed: boolean) {
    this.path = path;
    this.#sealed = sealed;
    const database = openFile(path, sealed);
    try {
      this.#connection = connect(database);
      this.#seqs = range(this.#connection, 'seq');
      this.#ids = range(this.#connection, 'id');
      this.#salvaged = database.prepare('PRAGMA user_version').get()?.['user_version'] === salvagedMark;
      // A page is the root of the file, one of each tree: what has more and shows nothing is not empty.
      if (this.#seqs === null && sizeOf(path) > 3 * pageSize)
        throw unsound('no record is found in a file that is not empty');
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  }

  /** Throws what SQLite throws when the disk does not let it. */
  static create(path: string): Segment {
    const segment = new Segment(path, false);
    syncDirectory(dirname(path));
    return segment;
  }

  /** Opens a file that is there: for reading when it was sealed. Throws what SQLite throws when it is not sound. */
  static open(path: string): Segment {
    return new Segment(path, isSealed(path));
  }

  /** Sequence numbers of the first and last record; null when empty. */
  get seqs(): Range<number> | null {
    return this.#seqs;
  }

  /** Folded into one plain file that is only read. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Rebuilt from a damaged file: what is missing in it is lost for good. */
  get salvaged(): boolean {
    return this.#salvaged;
  }

  /** Bytes on the disk. */
  get size(): number {
    return sizeOf(this.path) + (this.#sealed ? 0 : sizeOf(`${this.path}-wal`));
  }

  get isOpen(): boolean {
    return this.#connection !== null;
  }

  #open(): Connection {
    this.#connection ??= connect(openFile(this.path, true));
    return this.#connection;
  }

  has(id: string): boolean {
    const ids = this.#ids;
    return ids !== null && id >= ids.first && id <= ids.last && this.#open().find.get(id) !== undefined;
  }

  /**
   * Writes records in one transaction, numbered from `seq`; those whose id is there already (or `known` elsewhere) are
   * left out. Returns how many were new. They are on the disk when it returns; when it throws none of them is.
   */
  append(seq: number, records: readonly AuditRecord[], known: (id: string) => boolean): number {
    const { database, insert } = this.#open();
    let next = seq;
    let first = this.#ids?.first;
    let last = this.#ids?.last;
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { id, at, kind, body } of records) {
        if (known(id)) continue;
        const record = { seq: next, id, at, kind, body };
        if (insert.run(next, id, at, kind, checksum(record), body).changes === 0) continue;
        next++;
        if (first === undefined || id < first) first = id;
        if (last === undefined || id > last) last = id;
      }
      database.exec('COMMIT');
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
    if (first !== undefined && last !== undefined) this.#ids = { first, last };
    if (next > seq) this.#seqs = { first: this.#seqs?.first ?? seq, last: next - 1 };
    return next - seq;
  }

  /**
   * Writes back records that were found in its pages, under the numbers that they had; those that are there stay as they
   * are. Torn ones only as far as none is missing before them: behind a gap they would look like a loss.
   */
  restore(found: Iterable<Found>): void {
    const connection = this.#open();
    const put = (record: Stored): void => {
      const { seq, id, at, kind, body } = record;
      connection.restore.run(seq, id, at, kind, checksum(record), body);
    };
    const torn = new Map<number, Stored>();
    connection.database.exec('BEGIN IMMEDIATE');
    for (const { record, isTorn } of found) {
      if (isTorn) torn.set(record.seq, record);
      else put(record);
    }
    let seq = (range<number>(connection, 'seq')?.last ?? Number.NaN) + 1;
    for (let record = torn.get(seq); record; record = torn.get(++seq)) put(record);
    connection.database.exec('COMMIT');
    this.#seqs = range(connection, 'seq');
    this.#ids = range(connection, 'id');
  }

  markSalvaged(): void {
    this.#open().database.exec(`PRAGMA user_version = ${salvagedMark}`);
    this.#salvaged = true;
  }

  /** Records behind `after`, in order: at most `count`, and no more once their bodies have `length` characters together. */
  read(after: number, count: number, length: number): Stored[] {
    const records: Stored[] = [];
    let sum = 0;
    for (const row of this.#open().select.iterate(after)) {
      const { crc, ...record } = row as Row;
      records.push(checksum(record) === crc ? record : { ...record, damaged: true });
      sum += record.body.length;
      if (records.length >= count || sum >= length) break;
    }
    return records;
  }

  /** Time of the first record behind `after`, epoch milliseconds, without reading its body; null: there is none. */
  timeAfter(after: number): number | null {
    const found = this.#open().database.prepare('SELECT at FROM event WHERE seq > ? ORDER BY seq LIMIT 1').get(after);
    return typeof found?.['at'] === 'number' ? found['at'] : null;
  }

  /** Number of the first record whose time is not before that one (epoch milliseconds); null: none. Reads all of the file. */
  since(at: number): number | null {
    const found = this.#open().database.prepare('SELECT min(seq) AS seq FROM event WHERE at >= ?').get(at)?.['seq'];
    return typeof found === 'number' ? found : null;
  }

  /** When it was last written to, epoch milliseconds. */
  get writtenAt(): number {
    return Math.max(writtenAt(this.path), this.#sealed ? 0 : writtenAt(`${this.path}-wal`));
  }

  /** Nothing more will be written: folds the log into the file, so that one plain file remains. */
  seal(): void {
    if (this.#sealed) return;
    const mode = this.#open().database.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode'];
    if (mode !== 'delete') throw unsound('the log cannot be folded into the file');
    this.#sealed = true;
    this.rest();
  }

  /** Gives back the file descriptors; a sealed segment opens again when it is read. */
  rest(): void {
    this.#connection?.database.close();
    this.#connection = null;
  }

  unlink(): void {
    this.rest();
    removeDatabase(this.path);
  }
}
