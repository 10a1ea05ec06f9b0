/** What a failed write to standard output means: whoever reads it has gone, or it cannot be written for now. */
import { blocked, type Outcome, retry } from '../pipeline/outcome.ts';

export const errorOutcome = (thrown: unknown): Outcome => {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  return code === 'EPIPE' || code === 'EBADF'
    ? blocked(`standard output is closed: ${code}`)
    : retry(`standard output: ${code}`);
};
