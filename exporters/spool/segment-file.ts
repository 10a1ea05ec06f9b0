/** The file of a segment: how it is made, what state it is in, how it goes. */
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { privateDatabase, syncDirectory, unsound } from './disk.ts';

/** Bytes. Seven events of 2 KB fit a page, where SQLite's default of 4096 wastes half of it. */
export const pageSize = 16_384;

/** pages.ts reads these columns in this order. */
const table = `CREATE TABLE IF NOT EXISTS event(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, kind TEXT NOT NULL, crc INTEGER NOT NULL, body TEXT NOT NULL)`;

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

export const writtenAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** A crash has left something that SQLite completes or undoes when it opens the file for writing. */
const isUnclean = (path: string): boolean => sizeOf(`${path}-wal`) > 0 || sizeOf(`${path}-journal`) > 0;

/** Sealed files say so themselves: the byte at 18 is 2 in WAL mode, else 1 (https://sqlite.org/fileformat2.html §1.3.3). */
export const isSealed = (path: string): boolean => {
  const head = Buffer.alloc(19);
  const fd = openSync(path, 'r');
  readSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  return head[18] === 1 && !isUnclean(path);
};

/** What of the file's soundness can be told at its opening; the contents are checked row by row when they are read. */
const check = (database: DatabaseSync, size: number, unclean: boolean): void => {
  // After a crash: is the tree in order?
  const verdict = unclean ? database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] : 'ok';
  if (verdict !== 'ok') throw unsound(String(verdict));
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  if (!unclean && size !== pages * pageSize) throw unsound(`${size} bytes instead of ${pages * pageSize}`);
};

const settings = `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${table}`;

/** Opens the file for reading when it is sealed, else for writing, made when missing. Throws what SQLite throws. */
export const openFile = (path: string, sealed: boolean): DatabaseSync => {
  const unclean = isUnclean(path);
  const size = sizeOf(path);
  const database = sealed ? new DatabaseSync(path, { readOnly: true }) : privateDatabase(path);
  try {
    check(database, size, unclean);
    if (!sealed) database.exec(settings);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
};

/** Deletes a database with its companions, the file itself last: a log without its file would be taken for another's. */
export const removeDatabase = (path: string): void => {
  for (const suffix of ['-wal', '-shm', '-journal', '']) rmSync(`${path}${suffix}`, { force: true });
  syncDirectory(dirname(path));
};
