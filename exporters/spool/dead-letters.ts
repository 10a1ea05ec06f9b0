/** Records that could not be delivered, one file a day or more: kept for people, with the reason. */
import { closeSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { endOfLines } from '../pipeline/lines.ts';
import { privateDirectory, syncDirectory } from './disk.ts';
import { type DeadLetter, type Kept, lettersIn, lineOfLetter, withoutLines } from './letter-file.ts';
import { sizeOf, writtenAt } from './segment-file.ts';

export type { DeadLetter, Kept } from './letter-file.ts';

/** Which letters are meant; all of them when nothing is said. */
export interface LetterQuery {
  readonly exporter?: string | undefined;
  /** `@id`s. */
  readonly ids?: readonly string[] | undefined;
  /** Put aside before (epoch milliseconds). */
  readonly before?: number | undefined;
}

/** What is kept, and for how long. */
export interface LetterBounds {
  /** Bytes of all files together. */
  readonly maxBytes: number;
  /** Milliseconds since the last letter of a file; Infinity: for ever. */
  readonly maxAge: number;
}

/** A letter with its place: `file:offset`, of use until letters before it are removed. */
export interface Placed extends Kept {
  readonly key: string;
}

export const matchesLetter = ({ exporter, ids, before }: LetterQuery): ((letter: Kept) => boolean) => {
  const wanted = ids && new Set(ids);
  return (letter) =>
    (exporter === undefined || letter.exporter === exporter) &&
    (!wanted || wanted.has(letter.id)) &&
    (before === undefined || Date.parse(letter.at) < before);
};

export class DeadLetters {
  readonly #folder: string;
  readonly #bounds: LetterBounds;
  readonly #now: () => number;
  /** Nothing is added to this file any more, nor to those before it. */
  #closed = '';
  #records = 0;
  #removed = 0;
  #stopped = false;

  constructor(folder: string, bounds: LetterBounds, now: () => number) {
    this.#folder = privateDirectory(folder);
    this.#bounds = bounds;
    this.#now = now;
    for (const name of readdirSync(folder)) if (name.endsWith('.draft')) rmSync(join(folder, name));
  }

  /** Oldest first. A name never changes, so that a place in a file stays one. */
  #files(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => /^\d{4}-\d{2}-\d{2}\.\d{6}\.ndjson$/.test(name))
      .sort();
  }

  /** The file that letters of that day are added to; of a later one when the clock was set back since. */
  #current(today: string): string {
    const closedDay = this.#closed.slice(0, today.length);
    const day = closedDay > today ? closedDay : today;
    const last = this.#files().findLast((name) => name.startsWith(day)) ?? '';
    if (last > this.#closed) return last;
    // The one that was closed may have been emptied and deleted since; its name stays taken.
    const taken = this.#closed.startsWith(day) ? this.#closed : last;
    const number = taken === '' ? 1 : Number.parseInt(taken.slice(day.length + 1), 10) + 1;
    return `${day}.${String(number).padStart(6, '0')}.ndjson`;
  }

  /** They are on the disk when it returns. Throws what the disk throws; then none of them is. */
  append(letters: readonly DeadLetter[]): void {
    const now = this.#now();
    const name = this.#current(new Date(now).toISOString().slice(0, 10));
    const path = join(this.#folder, name);
    const fd = openSync(path, 'a+', 0o600);
    try {
      const end = endOfLines(fd);
      try {
        ftruncateSync(fd, end); // half a line, left by a crash or a full disk
        const text = Buffer.from(letters.map((letter) => lineOfLetter(letter, now)).join(''));
        for (let done = 0; done < text.length; ) done += writeSync(fd, text, done);
        fsyncSync(fd);
        if (end === 0) syncDirectory(this.#folder);
      } catch (thrown) {
        ftruncateSync(fd, end);
        throw thrown;
      }
    } finally {
      closeSync(fd);
    }
    this.#records += letters.length;
    // In quarters, so that the newest three of them stay when the oldest goes.
    if (sizeOf(path) * 4 >= this.#bounds.maxBytes) this.#closed = name;
    try {
      this.tidy();
    } catch {
      // The letters are written all the same.
    }
  }

  /** Deletes what is beyond the bounds, the newest file only for its age. Throws what the disk throws. */
  tidy(): void {
    const { maxBytes, maxAge } = this.#bounds;
    const files = this.#files();
    let bytes = this.bytes;
    for (const [index, name] of files.entries()) {
      const path = join(this.#folder, name);
      const size = sizeOf(path);
      const isOld = writtenAt(path) < this.#now() - maxAge;
      if (!isOld && (bytes <= maxBytes || index === files.length - 1)) continue;
      bytes -= size;
      rmSync(path, { force: true });
      this.#removed++;
    }
  }

  /** At most so many letters behind a key, oldest first; `next` is null when there are no more. Rejects with what the disk throws. */
  async page(
    query: LetterQuery,
    after: string | null,
    limit: number,
  ): Promise<{ letters: Placed[]; next: string | null }> {
    const [file = '', offset = '0'] = after?.split(':') ?? [];
    const matches = matchesLetter(query);
    const letters: Placed[] = [];
    for (const name of this.#files().filter((other) => other >= file)) {
      const from = name === file ? Math.max(0, Number.parseInt(offset, 10) || 0) : 0;
      for await (const letter of lettersIn(join(this.#folder, name), from)) {
        const key = `${name}:${letter.offset}`;
        if (key === after || !matches(letter)) continue;
        if (letters.length === limit) return { letters, next: letters.at(-1)?.key ?? null };
        letters.push({ key, ...letter });
      }
    }
    return { letters, next: null };
  }

  /** The files as they are now, oldest first, until `stop`: nothing is added to them any more. */
  closed(): Iterable<string> {
    const files = this.#files();
    this.#closed = files.at(-1) ?? this.#closed;
    return this.#untilStopped(files);
  }

  *#untilStopped(files: readonly string[]): Generator<string> {
    for (const name of files) {
      if (this.#stopped) return;
      yield join(this.#folder, name);
    }
  }

  /** Who rewrites the files ends with the one that is being rewritten. */
  stop(): void {
    this.#stopped = true;
  }

  /** Deletes letters for good, one call at a time; how many. Rejects with what the disk throws. */
  async purge(query: LetterQuery): Promise<number> {
    const matches = matchesLetter(query);
    let purged = 0;
    for (const path of this.closed()) {
      const offsets = new Set<number>();
      for await (const letter of lettersIn(path)) if (matches(letter)) offsets.add(letter.offset);
      await withoutLines(path, offsets);
      purged += offsets.size;
    }
    return purged;
  }

  /** How many letters there are of each exporter (empty: of none). Reads all of them. */
  async count(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const name of this.#files()) {
      for await (const { exporter } of lettersIn(join(this.#folder, name)))
        counts.set(exporter ?? '', (counts.get(exporter ?? '') ?? 0) + 1);
    }
    return counts;
  }

  get bytes(): number {
    return this.#files().reduce((sum, name) => sum + sizeOf(join(this.#folder, name)), 0);
  }

  get files(): number {
    return this.#files().length;
  }

  /** Written since the start. */
  get records(): number {
    return this.#records;
  }

  /** Files deleted since the start for want of room, or because of their age. */
  get removed(): number {
    return this.#removed;
  }
}
