/** What a failed write to the file means. */
import { blocked, type Outcome, retry } from '../pipeline/outcome.ts';

/** Somebody has to mend rights, names or mounts. */
const wrongPlace = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'ENXIO',
  'EEXIST',
]);

/** A file that does not end as ours do: nothing of it is touched. */
export class ForeignFile extends Error {}

export const errorOutcome = (thrown: unknown): Outcome => {
  if (thrown instanceof ForeignFile) return blocked(thrown.message);
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  // A full disk (ENOSPC, EDQUOT) and a failing one (EIO) may come back by themselves.
  return wrongPlace.has(code)
    ? blocked(`the file cannot be written: ${code}`)
    : retry(`the file cannot be written: ${code}`);
};
