/**
 * The oracle of the crash tests: in its process, which nobody kills, stand the books about what was issued and accepted, and
 * the destinations about what arrived. Its verdict is set arithmetic.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numberOf, recordOf } from './event.ts';

/** What has arrived at one destination. */
export class Arrivals {
  /** By event: how often it came. */
  readonly times = new Map<number, number>();
  /** Ids of events that nobody issued, or whose text has changed. */
  readonly foreign: string[] = [];

  /** `text`: the event as the destination holds it. */
  note(text: string): void {
    const number = numberIn(text);
    if (number === null || recordOf(number).body !== text) this.foreign.push(text.slice(0, 200));
    else this.times.set(number, (this.times.get(number) ?? 0) + 1);
  }

  /** Arrivals beyond the first. */
  get repeated(): number {
    return this.times.values().reduce((sum, times) => sum + times - 1, 0);
  }
}

const numberIn = (text: string): number | null => {
  try {
    return numberOf(JSON.parse(text)['@id']);
  } catch {
    return null;
  }
};

/** The text of every line in the files of a folder whose names begin so; half a line at the end of one is none. */
export const linesIn = (folder: string, begins = ''): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(begins))
        .sort()
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    : [];

/** What a file exporter has written. */
export const arrivedInFiles = (folder: string, begins: string): Arrivals => {
  const arrivals = new Arrivals();
  for (const line of linesIn(folder, begins)) arrivals.note(line);
  return arrivals;
};

export interface Verdict {
  readonly accepted: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly repeated: number;
  /** Accepted, and neither delivered nor in the dead letters. */
  readonly missing: readonly number[];
}

export class Oracle {
  readonly issued = new Set<number>();
  readonly accepted = new Set<number>();

  /** The events of an exporter that lie in the dead letters of a data directory, unchanged. */
  deadLetters(dir: string, exporter: string): Set<number> {
    const numbers = new Set<number>();
    for (const line of linesIn(join(dir, 'dead-letters'))) {
      const letter = JSON.parse(line);
      if (letter.exporter !== exporter) continue;
      const number = numberOf(letter.id);
      assert.ok(number !== null && recordOf(number).body === letter.body, `a dead letter was changed: ${line}`);
      numbers.add(number);
    }
    return numbers;
  }

  /** Fails at once on what may never be: an event that nobody issued, or that has changed on the way. */
  judge({ times, foreign, repeated }: Arrivals, deadLetters: ReadonlySet<number> = new Set()): Verdict {
    assert.deepEqual(foreign, [], 'events that were changed on the way, or never issued');
    for (const number of times.keys())
      assert.ok(this.issued.has(number), `event ${number} arrived and was never issued`);
    return {
      accepted: this.accepted.size,
      delivered: times.size,
      deadLettered: deadLetters.size,
      repeated,
      missing: [...this.accepted].filter((number) => !times.has(number) && !deadLetters.has(number)),
    };
  }
}
