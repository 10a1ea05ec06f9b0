/** What to do with a segment that is not sound: put the file aside, keep every record of it that is whole. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { privateDirectory, syncDirectory } from './disk.ts';
import { wholeRecords } from './pages.ts';
import { Segment } from './segment.ts';
import { removeDatabase } from './segment-file.ts';

/** Damaged files kept for a look; the oldest go first. */
const damagedKept = 4;

const rebuilt = '.rebuilt';

/** Moves a database with its companions into `damaged/` beside it. */
export const setAside = (path: string): void => {
  const folder = privateDirectory(join(dirname(path), 'damaged'));
  const name = `${Date.now()}-${basename(path)}`;
  // The file first: `finishSalvage` takes a file that is still there for one whose log is there, too.
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, join(folder, `${name}${suffix}`));
  }
  const kept = readdirSync(folder)
    .filter((file) => file.endsWith('.db'))
    .sort();
  for (const file of kept.slice(0, -damagedKept)) removeDatabase(join(folder, file));
  syncDirectory(folder);
  syncDirectory(dirname(path));
};

/**
 * Rebuilds a segment from the whole records of its damaged file, under the same name and numbers, and sets the damaged
 * one aside. Null when no record was left. A crash in between is mended by `finishSalvage`.
 */
export const salvage = (path: string): Segment | null => {
  removeDatabase(`${path}${rebuilt}`);
  const fresh = Segment.create(`${path}${rebuilt}`);
  fresh.restore(wholeRecords(path, { logOnly: false }));
  fresh.markSalvaged();
  const isEmpty = fresh.seqs === null;
  fresh.seal();
  setAside(path);
  if (isEmpty) {
    removeDatabase(`${path}${rebuilt}`);
    return null;
  }
  renameSync(`${path}${rebuilt}`, path);
  syncDirectory(dirname(path));
  return Segment.open(path);
};

/** Completes or undoes, in a folder, salvages that a crash has cut short. */
export const finishSalvage = (folder: string): void => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(rebuilt))) {
    const path = join(folder, name.slice(0, -rebuilt.length));
    if (existsSync(path)) removeDatabase(`${path}${rebuilt}`);
    else {
      // It was complete before the damaged file was moved away; that one's log must not be taken for its own.
      removeDatabase(path);
      renameSync(`${path}${rebuilt}`, path);
    }
  }
  syncDirectory(folder);
};
