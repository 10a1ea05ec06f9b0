/** One file of dead letters, a line each: read without holding it in memory, rewritten without some of its lines. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
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

/** The lines of a file from an offset on, with where each begins; half a line at the end is none. */
function* linesOf(path: string, from: number): Generator<{ offset: number; bytes: Buffer }> {
  const fd = openSync(path, 'r');
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

/** The letters of a file, oldest first, from an offset on. Throws what the disk throws. */
export function* lettersIn(path: string, from = 0): Generator<Kept> {
  for (const line of linesOf(path, from)) {
    const letter = letterIn(line);
    if (letter) yield letter;
  }
}

/** Leaves out lines by where they begin; the file is the old or the new one at every moment. Throws what the disk throws. */
export const withoutLines = (path: string, offsets: ReadonlySet<number>): void => {
  if (offsets.size === 0) return;
  const draft = `${path}.draft`;
  const fd = openSync(draft, 'w', 0o600);
  let kept = 0;
  try {
    for (const { offset, bytes } of linesOf(path, 0)) {
      if (offsets.has(offset)) continue;
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      kept++;
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (kept > 0) renameSync(draft, path);
  else for (const file of [path, draft]) rmSync(file);
  syncDirectory(dirname(path));
};

/** The field `at` of a line is the time at which the record was put aside; the record's own is in its body. */
export const lineOfLetter = ({ exporter, reason, attempts, id, kind, body }: DeadLetter, now: number): string =>
  `${JSON.stringify({ at: new Date(now).toISOString(), exporter, reason, attempts, id, kind, body })}\n`;
