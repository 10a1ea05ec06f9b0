/** One file of dead letters, a line each: read without holding it in memory, rewritten without some of its lines. */
import { closeSync, existsSync, fstatSync, fsync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { AuditRecord } from '../../schemas/record.ts';
import { syncDirectory } from './disk.ts';

export interface DeadLetter extends AuditRecord {
  /** The exporter that could not deliver it; null: it was never meant for one. */
  readonly exporter: string | null;
  readonly reason: string;
  readonly attempts: number;
}

/** A letter as it is kept. */
export interface Kept {
  /** Where its line begins. */
  readonly offset: number;
  /** When it was put aside (RFC 3339). */
  readonly at: string;
  readonly exporter: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly id: string;
  readonly kind: string;
  /** The unchanged text of the event. */
  readonly body: string;
}

const step = 262_144;
const newline = 0x0a;

/** Null: the file was deleted, as the bounds of the letters may ask at any time. */
const openIfThere = (path: string): number | null => {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    if (existsSync(path)) throw thrown;
    return null;
  }
};

/** The lines of a file from an offset on, with where each begins; half a line at the end is none. Others have their turns in between. */
async function* linesOf(path: string, from: number): AsyncGenerator<{ offset: number; bytes: Buffer }> {
  const fd = openIfThere(path);
  if (fd === null) return;
  try {
    const end = fstatSync(fd).size;
    let rest = Buffer.alloc(0);
    let offset = from;
    for (let at = from; at < end; ) {
      const chunk = Buffer.alloc(Math.min(step, end - at));
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) return;
      at += read;
      rest = Buffer.concat([rest, chunk.subarray(0, read)]);
      let begin = 0;
      for (let stop = rest.indexOf(newline); stop >= 0; stop = rest.indexOf(newline, begin)) {
        yield { offset, bytes: rest.subarray(begin, stop + 1) };
        offset += stop + 1 - begin;
        begin = stop + 1;
      }
      rest = rest.subarray(begin);
      await turn();
    }
  } finally {
    closeSync(fd);
  }
}

/** Null for a line that is no letter. */
const letterIn = ({ offset, bytes }: { offset: number; bytes: Buffer }): Kept | null => {
  try {
    const { at, exporter, reason, attempts, id, kind, body } = JSON.parse(bytes.toString('utf8'));
    return typeof body === 'string' && typeof id === 'string' && typeof at === 'string'
      ? { offset, at, exporter, reason, attempts, id, kind, body }
      : null;
  } catch {
    return null;
  }
};

/** The letters of a file, oldest first, from an offset on; none when it is gone. Throws what the disk throws. */
export async function* lettersIn(path: string, from = 0): AsyncGenerator<Kept> {
  for await (const line of linesOf(path, from)) {
    const letter = letterIn(line);
    if (letter) yield letter;
  }
}

const write = (fd: number, bytes: Buffer): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
};

/** Writes the lines of a file but for some to another one, synced; how many bytes that are. */
const copyWithout = async (path: string, offsets: ReadonlySet<number>, draft: string): Promise<number> => {
  const fd = openSync(draft, 'w', 0o600);
  let kept = 0;
  try {
    for await (const { offset, bytes } of linesOf(path, 0)) {
      if (offsets.has(offset)) continue;
      write(fd, bytes);
      kept += bytes.length;
    }
    await promisify(fsync)(fd);
  } finally {
    closeSync(fd);
  }
  return kept;
};

/**
 * Leaves out lines, by where they begin, of a file that nothing is added to; it is the old or the new one at every moment.
 * Rejects with what the disk throws; then it is the old one.
 */
export const withoutLines = async (path: string, offsets: ReadonlySet<number>): Promise<void> => {
  if (offsets.size === 0) return;
  const draft = `${path}.draft`;
  try {
    const kept = await copyWithout(path, offsets, draft);
    // It may be gone by now, and must not come back.
    if (kept > 0 && existsSync(path)) renameSync(draft, path);
    else rmSync(path, { force: true });
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dirname(path));
};

/** The field `at` of a line is the time at which the record was put aside; the record's own is in its body. */
export const lineOfLetter = ({ exporter, reason, attempts, id, kind, body }: DeadLetter, now: number): string =>
  `${JSON.stringify({ at: new Date(now).toISOString(), exporter, reason, attempts, id, kind, body })}\n`;
