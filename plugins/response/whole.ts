/** Whether an answer came to its end. */
import type { Ending } from '../contract.ts';
import type { Reading } from '../dialects/dialect.ts';
import type { AnswerReader } from './answer-reader.ts';

/** A stream says itself that it came to its end, also to a client that has left, or it has its figures. */
export const isWhole = (
  { pending, complete, usage }: Reading,
  ending: Ending,
  reader: AnswerReader | null,
): boolean => {
  if (pending || reader === null) return false;
  if (reader.isStream && complete) return true;
  return ending === 'complete' && !reader.unreadable && (!reader.isStream || usage !== null);
};
