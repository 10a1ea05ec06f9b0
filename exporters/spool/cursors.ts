/** How far each exporter has come, and what became of the records on its way: one small database. */
import { basename } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { isUnsound, privateDatabase, sqliteCode, unsound } from './disk.ts';
import { setAside } from './salvage.ts';

/** What can become of a record at one exporter. */
export const fates = ['delivered', 'duplicate', 'filtered', 'dead_lettered', 'dropped'] as const;
export type Fate = (typeof fates)[number];
export type Counts = Readonly<Record<Fate, number>>;

/** `seq - start + again` equals the sum of the counts: nothing gets lost between two columns. */
export interface Cursor extends Counts {
  /** Number of the record after which the exporter began. */
  readonly start: number;
  /** Number of the record up to which all is settled. */
  readonly seq: number;
  /** Records that were offered once more: after a rewind, or from the dead letters. */
  readonly again: number;
  /** 1: somebody has paused the exporter. */
  readonly paused: 0 | 1;
}

const fields = ['start', 'seq', 'again', 'paused', ...fates] as const;

/** The cursor of an exporter that begins behind that record. */
export const cursorAt = (seq: number): Cursor => ({
  start: seq,
  seq,
  again: 0,
  paused: 0,
  delivered: 0,
  duplicate: 0,
  filtered: 0,
  dead_lettered: 0,
  dropped: 0,
});

// `name` is an exporter, or empty for the spool itself, whose last number is its `seq`.
const table = `CREATE TABLE IF NOT EXISTS cursor(
  name TEXT PRIMARY KEY, ${fields.map((field) => `${field} INTEGER NOT NULL`).join(', ')}, crc INTEGER NOT NULL) WITHOUT ROWID`;

const spoolName = '';

const checksum = (name: string, cursor: Cursor): number =>
  crc32([name, ...fields.map((field) => cursor[field])].join());

interface Connection {
  readonly database: DatabaseSync;
  readonly put: StatementSync;
  readonly cursors: Map<string, Cursor>;
}

/** Throws what SQLite throws when the file is not sound: a cursor that is a little wrong would skip records. */
const connect = (path: string, locking: 'NORMAL' | 'EXCLUSIVE' = 'NORMAL'): Connection => {
  const database = privateDatabase(path);
  try {
    // NORMAL: a commit survives kill -9 without a sync; `sync` is for what must survive a power cut, too.
    database.exec(`PRAGMA locking_mode = ${locking}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${table}`);
    const verdict = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (verdict !== 'ok') throw unsound(String(verdict));
    const rows = database.prepare('SELECT * FROM cursor').all() as unknown as (Cursor & {
      name: string;
      crc: number;
    })[];
    if (rows.some((row) => checksum(row.name, row) !== row.crc)) throw unsound('the checksum of a cursor is wrong');
    return {
      database,
      put: database.prepare(
        `INSERT OR REPLACE INTO cursor VALUES(${['name', ...fields, 'crc'].map(() => '?').join(', ')})`,
      ),
      cursors: new Map(rows.map(({ name, crc: _, ...cursor }) => [name, { ...cursor }])),
    };
  } catch (thrown) {
    database.close();
    // A full disk has no room for the -shm file; who is alone needs none.
    if (locking === 'NORMAL' && sqliteCode(thrown) === 10 /* SQLITE_IOERR */) return connect(path, 'EXCLUSIVE');
    throw thrown;
  }
};

export class Cursors {
  /** There was no sound file: nobody knows how far the exporters had come. */
  readonly lost: boolean;
  readonly #path: string;
  readonly #log: Log;
  #connection: Connection;
  /** Where they stand, on the disk or not. */
  readonly #cursors: Map<string, Cursor>;
  /** Names of those that the disk did not take when they were put. */
  readonly #unsaved = new Set<string>();
  #isSynced = false;

  /** Throws what the disk throws. */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    try {
      this.#connection = connect(path);
      // A file that is there and empty tells no more than one that is missing: a power cut can leave it so.
      this.lost = this.#connection.cursors.size === 0;
    } catch (thrown) {
      if (!isUnsound(thrown)) throw thrown;
      this.#connection = this.#begin(reasonOf(thrown));
      this.lost = true;
    }
    this.#cursors = this.#connection.cursors;
  }

  /** Sets the damaged file aside. */
  #begin(reason: string): Connection {
    setAside(this.#path);
    this.#log('error', 'the file of the cursors is damaged: set aside', { file: basename(this.#path), reason });
    return connect(this.#path);
  }

  get(exporter: string): Cursor | null {
    return this.#cursors.get(exporter) ?? null;
  }

  /** It stands there from now on. A crash of the process does not undo it, unless the disk does not take it: see `sync`. */
  put(exporter: string, cursor: Cursor): void {
    this.#cursors.set(exporter, cursor);
    this.#unsaved.add(exporter);
    try {
      this.#save(exporter, cursor);
    } catch (thrown) {
      this.#log('error', 'a cursor cannot be written', { exporter, reason: reasonOf(thrown) });
    }
  }

  #save(name: string, cursor: Cursor): void {
    try {
      this.#write(name, cursor);
    } catch (thrown) {
      if (sqliteCode(thrown) === 13 /* SQLITE_FULL */) {
        this.#overwrite(name, cursor);
        return;
      }
      if (!isUnsound(thrown)) throw thrown;
      this.#connection.database.close();
      this.#connection = this.#begin(reasonOf(thrown));
      for (const [known, at] of this.#cursors) this.#write(known, at);
    }
  }

  /** On a full disk: folds the log into the file, after which it is written from its beginning. Without that nothing is released. */
  #overwrite(name: string, cursor: Cursor): void {
    this.#connection.database.exec('PRAGMA wal_checkpoint(RESTART)');
    this.#write(name, cursor);
  }

  #write(name: string, cursor: Cursor): void {
    this.#connection.put.run(name, ...fields.map((field) => cursor[field]), checksum(name, cursor));
    this.#unsaved.delete(name);
    this.#isSynced = false;
  }

  /** The last number that was written here; the spool may have come further. */
  get lastSeq(): number {
    return Math.max(...this.#cursors.values().map(({ seq }) => seq), 0);
  }

  putLastSeq(seq: number): void {
    if (this.get(spoolName)?.seq !== seq) this.put(spoolName, { ...cursorAt(0), seq });
  }

  /** What was put is on the disk when this returns, whatever happens to the machine. Throws what the disk throws. */
  sync(): void {
    for (const name of this.#unsaved) this.#save(name, this.#cursors.get(name) as Cursor);
    if (!this.#isSynced) this.#connection.database.exec('PRAGMA wal_checkpoint(FULL)');
    this.#isSynced = true;
  }

  close(): void {
    this.#connection.database.close();
  }
}
