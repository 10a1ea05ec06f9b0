/** Files that only their owner may read, and directories whose entries survive a power cut. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Makes the directory (0700) where it is missing. */
export const privateDirectory = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};

/** Forces names made, changed or removed in a directory to the disk: syncing a file does not do that. */
export const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Opens a database; SQLite gives its -wal and -shm files the rights of the file itself, so that one comes first (0600). */
export const privateDatabase = (path: string): DatabaseSync => {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  return new DatabaseSync(path);
};

/**
 * SQLite's primary result codes (https://sqlite.org/rescode.html) that mean that the file is not sound. Our statements are
 * right, so an error in them is one of the schema; "read-only" is what a damaged header says; a constraint means that the
 * file has lied about its last number.
 */
const unsoundCodes = new Set([
  1, // SQLITE_ERROR
  8, // SQLITE_READONLY
  11, // SQLITE_CORRUPT
  19, // SQLITE_CONSTRAINT
  26, // SQLITE_NOTADB
]);

/** The primary result code of an error that SQLite raised, or null. */
export const sqliteCode = (thrown: unknown): number | null =>
  thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : null;

export const isUnsound = (thrown: unknown): boolean => unsoundCodes.has(sqliteCode(thrown) ?? -1);

/** An error that `isUnsound` knows, for what SQLite does not notice. */
export const unsound = (reason: string): Error => Object.assign(new Error(reason), { errcode: 11 });
