/** One process owns a data directory. The lock is SQLite's own, so that the kernel frees it when the process dies. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DeliveryError, reasonOf } from '../errors.ts';
import { privateDatabase, privateDirectory, sqliteCode } from './disk.ts';

export interface Owner {
  readonly dir: string;
  release(): void;
}

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the owner of `dir` until it ends or releases it. Throws a DeliveryError: `directory_owned` when
 * another one is (in this process, too), `directory_unusable` when the directory cannot be written.
 */
export const ownDirectory = (dir: string): Owner => {
  try {
    const database = privateDatabase(join(privateDirectory(dir), 'owner.db'));
    try {
      database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    held.add(database);
    const release = (): void => {
      if (held.delete(database)) database.close();
    };
    return { dir, release };
  } catch (thrown) {
    const busy = sqliteCode(thrown) === 5; // SQLITE_BUSY
    throw new DeliveryError(
      busy ? 'directory_owned' : 'directory_unusable',
      busy
        ? `the data directory ${dir} belongs to another running process; stop that one, or give this one its own data_dir`
        : `the data directory ${dir} cannot be used: ${reasonOf(thrown)}`,
    );
  }
};
