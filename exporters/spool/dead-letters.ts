/** Records that could not be delivered, one file a day (more when it grows large): kept for people, with the reason. */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { AuditRecord } from '../../schemas/record.ts';
import { endOfLines } from '../pipeline/lines.ts';
import { privateDirectory, syncDirectory } from './disk.ts';

export interface DeadLetter extends AuditRecord {
  /** The exporter that could not deliver it; null: it was never meant for one. */
  readonly exporter: string | null;
  readonly reason: string;
  readonly attempts: number;
}

/** The field `at` of a line is the time at which the record was put aside; the record's own is in its body. */
const lineOf = ({ exporter, reason, attempts, id, kind, body }: DeadLetter, now: number): string =>
  `${JSON.stringify({ at: new Date(now).toISOString(), exporter, reason, attempts, id, kind, body })}\n`;

export class DeadLetters {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #records = 0;
  #removed = 0;

  /** `maxBytes` bounds all files together; the oldest are deleted. */
  constructor(folder: string, maxBytes: number, now: () => number) {
    this.#folder = privateDirectory(folder);
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  #files(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => /^\d{4}-\d{2}-\d{2}(\.\d{6})?\.ndjson$/.test(name))
      .sort(); // by age: `2026-01-31.000001.ndjson` stands before `2026-01-31.ndjson`, which is being written
  }

  /** They are on the disk when it returns. Throws what the disk throws; then none of them is. */
  append(letters: readonly DeadLetter[]): void {
    const now = this.#now();
    const day = new Date(now).toISOString().slice(0, 10);
    const path = join(this.#folder, `${day}.ndjson`);
    const fd = openSync(path, 'a+', 0o600);
    try {
      const end = endOfLines(fd);
      try {
        ftruncateSync(fd, end); // half a line, left by a crash or a full disk
        const text = Buffer.from(letters.map((letter) => lineOf(letter, now)).join(''));
        for (let done = 0; done < text.length; ) done += writeSync(fd, text, done);
        fsyncSync(fd);
      } catch (thrown) {
        ftruncateSync(fd, end);
        throw thrown;
      }
      if (end === 0) syncDirectory(this.#folder);
    } finally {
      closeSync(fd);
    }
    this.#records += letters.length;
    // In quarters, so that the newest three of them stay when the oldest goes.
    if (statSync(path).size * 4 >= this.#maxBytes) this.#putAside(day);
    this.#makeRoom();
  }

  #putAside(day: string): void {
    const last = this.#files().findLast((name) => name.startsWith(`${day}.0`));
    const number = last === undefined ? 1 : Number.parseInt(last.slice(day.length + 1), 10) + 1;
    renameSync(
      join(this.#folder, `${day}.ndjson`),
      join(this.#folder, `${day}.${String(number).padStart(6, '0')}.ndjson`),
    );
  }

  #makeRoom(): void {
    const files = this.#files();
    let bytes = this.bytes;
    for (const name of files.slice(0, -1)) {
      if (bytes <= this.#maxBytes) return;
      bytes -= statSync(join(this.#folder, name)).size;
      rmSync(join(this.#folder, name));
      this.#removed++;
    }
  }

  get bytes(): number {
    return this.#files().reduce((sum, name) => sum + statSync(join(this.#folder, name)).size, 0);
  }

  get files(): number {
    return this.#files().length;
  }

  /** Written since the start. */
  get records(): number {
    return this.#records;
  }

  /** Files deleted since the start because of `maxBytes`. */
  get removed(): number {
    return this.#removed;
  }
}
