/** Dead letters on their way again: each is offered to the exporter that could not deliver it, by the rules of now. */

import { damaged } from '../pipeline/reader.ts';
import { type DeadLetters, type Kept, type LetterQuery, matchesLetter } from '../spool/dead-letters.ts';
import { lettersIn, withoutLines } from '../spool/letter-file.ts';
import type { Readers } from './readers.ts';

export interface Replayed {
  /** Letters that were offered and met a fate. */
  readonly replayed: number;
  /** Of them, delivered (or there already). */
  readonly delivered: number;
  /** Of them, refused again: they are dead letters with a new reason. */
  readonly failed: number;
  /** Letters that stay as they are: of no exporter, or of one that is not running or takes nothing, or damaged. */
  readonly skipped: number;
}

/** Letters in memory at once. */
const atOnce = 200;

/** A crash on the way offers some of them once more, under the same ids. Rejects with what the disk throws. */
export const replay = async (deadLetters: DeadLetters, readers: Readers, query: LetterQuery): Promise<Replayed> => {
  const sum = { replayed: 0, delivered: 0, failed: 0, skipped: 0 };
  const matches = matchesLetter(query);
  /** Exporters that were stopped meanwhile, or take nothing. */
  const unwilling = new Set<string>();
  for (const path of deadLetters.closed()) {
    const gone = new Set<number>();
    const offer = async (letters: readonly Kept[]): Promise<void> => {
      for (const [exporter, own] of Map.groupBy(letters, (letter) => letter.exporter)) {
        const fates =
          exporter !== null && !unwilling.has(exporter) && readers.isRunning(exporter)
            ? await readers.resend(
                exporter,
                own.map(({ id, kind, body }) => ({ id, kind, body, at: timeIn(body) })),
              )
            : own.map(() => null);
        if (exporter !== null && fates.includes(null)) unwilling.add(exporter);
        for (const [index, letter] of own.entries()) {
          const fate = fates[index] ?? null;
          if (fate === null) sum.skipped++;
          else {
            gone.add(letter.offset);
            sum.replayed++;
            if (fate === 'delivered' || fate === 'duplicate') sum.delivered++;
            if (fate === 'dead_lettered') sum.failed++;
          }
        }
      }
    };
    let waiting: Kept[] = [];
    for await (const letter of lettersIn(path)) {
      if (!matches(letter)) continue;
      if (letter.reason === damaged) sum.skipped++;
      else waiting.push(letter);
      if (waiting.length >= atOnce) await offer(waiting.splice(0));
    }
    await offer(waiting);
    waiting = [];
    await withoutLines(path, gone);
  }
  return sum;
};

/** The event's own time; a letter whose body tells none is from now. */
const timeIn = (body: string): number => {
  try {
    const at = JSON.parse(body)?.['@timestamp'];
    return typeof at === 'number' ? at : Date.now();
  } catch {
    return Date.now();
  }
};
