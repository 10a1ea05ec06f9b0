/**
 * A SQLite file whose commits survive `kill -9` and do not wait for the disk: a commit is one write into the log beside the
 * file. The log goes to the disk once a second, from another thread, so a power cut costs a second at most and breaks
 * nothing; what it holds is taken over into the file by a thread of its own, which waits for the disk on its own time.
 */
import { chmodSync, closeSync, existsSync, fdatasync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { LedgerDown } from '../../budgets/ledger.ts';

export interface WalFile {
  readonly db: DatabaseSync;
  /** Runs `work` as one commit; what it throws undoes it. */
  atomically<T>(work: () => T): T;
  /** The same operation; where the disk fails, it throws a LedgerDown. */
  guarded<Args extends readonly unknown[], T>(operation: (...args: Args) => T): (...args: Args) => T;
  close(): void;
}

/** Milliseconds. */
const syncEvery = 1_000;
const soon = 20;
const checkpointEvery = 10_000;
/** Changed rows after which the log is not left to grow for so long. */
const manyChanges = 20_000;

/**
 * Opens or makes the file; only one process may. Throws an Error that names file and remedy.
 * @param tables SQL that makes what is missing.
 * @param version of the tables, from 1 on.
 * @param housekeeping small work once a second, outside of requests; true: there is more, soon.
 */
export const openWalFile = (file: string, tables: string, version: number, housekeeping: () => boolean): WalFile => {
  const db = opened(file, tables, version);
  const changes = db.prepare('SELECT total_changes() AS count');
  const count = (): number => Number((changes.get() as { count: number }).count);
  let synced = count();
  let takenOver = synced;
  let checkpointed = performance.now();
  let log: number | null = null;
  let syncing = false;
  let closed = false;
  let worker: Worker | null = null;

  const letGo = (): void => {
    if (!closed || syncing || log === null) return;
    closeSync(log);
    log = null;
  };
  const sync = (): void => {
    const present = count();
    if (syncing || present === synced || !existsSync(`${file}-wal`)) return;
    log ??= openSync(`${file}-wal`, 'r+');
    syncing = true;
    fdatasync(log, (error) => {
      syncing = false;
      if (!error) synced = present;
      letGo();
    });
  };
  const checkpoint = (): void => {
    const present = count();
    const changed = present - takenOver;
    const due = changed >= manyChanges || performance.now() - checkpointed >= checkpointEvery;
    if (worker || changed === 0 || !due) return;
    checkpointed = performance.now();
    worker = new Worker(takeOver, { eval: true, name: 'checkpoint', workerData: file });
    worker.unref();
    worker.once('error', () => undefined);
    worker.once('exit', (code) => {
      worker = null;
      if (code === 0) takenOver = present;
    });
  };
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    const more = housekeeping();
    sync();
    checkpoint();
    timer = setTimeout(tick, more ? soon : syncEvery).unref();
  };
  timer = setTimeout(tick, syncEvery).unref();

  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  return {
    db,
    atomically: (work) => {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        if (db.isTransaction) rollback.run();
        throw error;
      }
    },
    guarded:
      (operation) =>
      (...args) => {
        try {
          return operation(...args);
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) throw error;
          throw new LedgerDown(`${file} cannot be used: ${error.message}`);
        }
      },
    close: () => {
      clearTimeout(timer);
      closed = true;
      void worker?.terminate();
      db.close();
      letGo();
    },
  };
};

const opened = (file: string, tables: string, version: number): DatabaseSync => {
  let db: DatabaseSync | null = null;
  try {
    // SQLite gives the log beside it the same mode: who called what is nobody else's business.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    db = new DatabaseSync(file, { timeout: 5_000 });
    // `synchronous=NORMAL`: no commit waits for the disk but the first one after the log began anew.
    // Rows are short: of a small page, less is written that has not changed.
    db.exec('PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;');
    const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (found > version) throw new Error('it was written by a later version of this program, which can read it');
    db.exec(`${tables} PRAGMA user_version=${version};`);
    return db;
  } catch (error) {
    db?.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} cannot be used: ${why}. Move it away to begin anew: what it holds is then not counted.`);
  }
};

/**
 * Runs in the thread, as text so that a bundle needs no file for it. Takes the log over until all of it is in the file, and
 * then begins it anew by a commit of its own: that commit waits for the disk here, and none of the owner's does. While it
 * lasts, a commit of the owner's waits for the lock.
 */
const takeOver = `
const { workerData: file } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(file, { timeout: 1000 });
db.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;');
const version = db.prepare('PRAGMA user_version').get().user_version;
const checkpoint = (mode) => db.prepare('PRAGMA wal_checkpoint(' + mode + ')').get();
const beginAnew = () => db.exec('PRAGMA user_version=' + version);
let state = checkpoint('PASSIVE');
for (let again = 0; again < 3 && state.checkpointed < state.log; again++) state = checkpoint('PASSIVE');
beginAnew();
// Pages of the log from which on its owner is made to wait for a moment rather than that it grows further.
if (checkpoint('PASSIVE').log > 16384) {
  checkpoint('RESTART');
  beginAnew();
}
db.close();
`;
