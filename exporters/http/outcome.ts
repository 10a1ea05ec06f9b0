/** What an answer means for the events of a request: by its status, or by a number in it. */
import type { Answer } from '../net/http.ts';
import { type Meaning, type Meanings, meaningOf, outcomeOf } from '../net/outcome.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { Preset } from './presets.ts';

export interface Table {
  readonly statuses: Meanings;
  readonly codes?: Preset['codes'] | undefined;
}

const codeOf = ({ body }: Answer, member: string): unknown => {
  try {
    return JSON.parse(body.toString())?.[member];
  } catch {
    return undefined;
  }
};

/** A code is only looked at in an answer that is no success: a success is one by its status. */
const meaning = (answer: Answer, { statuses, codes }: Table): Meaning => {
  const byStatus = meaningOf(answer.status, statuses);
  if (byStatus === 'delivered' || !codes) return byStatus;
  const code = codeOf(answer, codes.member);
  return (typeof code === 'number' ? codes.meanings[code] : undefined) ?? byStatus;
};

export const answerOutcome = (answer: Answer, table: Table, excerpt: string, now: number): Outcome => {
  const reason = excerpt === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${excerpt}`;
  return outcomeOf({ meaning: meaning(answer, table), reason, retryAfter: answer.retryAfter }, now);
};
