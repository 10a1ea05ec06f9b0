/** How far each exporter has come, and what became of the records on its way: one small database. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { isUnsound, privateDatabase } from './disk.ts';
import { setAside } from './salvage.ts';

/** What can become of a record at one exporter. */
export const fates = ['delivered', 'duplicate', 'filtered', 'dead_lettered', 'dropped'] as const;
export type Fate = (typeof fates)[number];
export type Counts = Readonly<Record<Fate, number>>;

/** `seq - start` equals the sum of the counts: nothing gets lost between two columns. */
export interface Cursor extends Counts {
  /** Number of the record after which the exporter began. */
  readonly start: number;
  /** Number of the record up to which all is settled. */
  readonly seq: number;
}

const table = `
  CREATE TABLE IF NOT EXISTS cursor(exporter TEXT PRIMARY KEY, start INTEGER NOT NULL, seq INTEGER NOT NULL,
    ${fates.map((fate) => `${fate} INTEGER NOT NULL`).join(', ')});
  CREATE TABLE IF NOT EXISTS spool(only_row INTEGER PRIMARY KEY CHECK(only_row = 1), last_seq INTEGER NOT NULL);
  INSERT OR IGNORE INTO spool VALUES(1, 0)`;

const connect = (path: string): DatabaseSync => {
  const database = privateDatabase(path);
  try {
    // NORMAL: a commit survives kill -9 without a sync; `sync` is for what must survive a power cut, too.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${table}`);
    const verdict = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (verdict !== 'ok') throw Object.assign(new Error(String(verdict)), { errcode: 11 });
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
};

export class Cursors {
  /** There was no sound file: nobody knows how far the exporters had come. */
  readonly lost: boolean;
  /** The last number that was written here; the spool may have come further. */
  readonly lastSeq: number;
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #putLast: StatementSync;

  constructor(path: string, log: Log) {
    let lost = !existsSync(path);
    let database: DatabaseSync;
    try {
      database = connect(path);
    } catch (thrown) {
      if (!isUnsound(thrown)) throw thrown;
      setAside(path);
      log('error', 'cursors are damaged: set aside; exporters begin at the oldest record kept', {
        file: basename(path),
        reason: reasonOf(thrown),
      });
      lost = true;
      database = connect(path);
    }
    this.lost = lost;
    this.#database = database;
    const last = database.prepare('SELECT max(last_seq, (SELECT ifnull(max(seq), 0) FROM cursor)) AS seq FROM spool').get();
    this.lastSeq = Number(last?.['seq'] ?? 0);
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO cursor(exporter, start, seq, ${fates.join(', ')}) VALUES(?, ?, ?, ${fates.map(() => '?').join(', ')})`,
    );
    this.#putLast = database.prepare('UPDATE spool SET last_seq = max(last_seq, ?)');
  }

  get(exporter: string): Cursor | null {
    const row = this.#database.prepare('SELECT * FROM cursor WHERE exporter = ?').get(exporter);
    if (row === undefined) return null;
    const { start, seq, delivered, duplicate, filtered, dead_lettered, dropped } = row as unknown as Cursor;
    return { start, seq, delivered, duplicate, filtered, dead_lettered, dropped };
  }

  put(exporter: string, cursor: Cursor): void {
    this.#put.run(exporter, cursor.start, cursor.seq, ...fates.map((fate) => cursor[fate]));
  }

  putLastSeq(seq: number): void {
    this.#putLast.run(seq);
  }

  /** What was put is on the disk when this returns, whatever happens to the machine. */
  sync(): void {
    this.#database.exec('PRAGMA wal_checkpoint(FULL)');
  }

  close(): void {
    this.#database.close();
  }
}
