/** The audit of the delivery: counts again, from what lies on the disk, what the counters say. */

import type { DeadLetters } from '../spool/dead-letters.ts';
import type { Spool } from '../spool/spool.ts';
import type { Readers } from './readers.ts';

export interface ExporterRecount {
  readonly id: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly filtered: number;
  readonly dead_lettered: number;
  readonly dropped: number;
  readonly pending: number;
  /** `accepted` is the sum of the others. */
  readonly sums_hold: boolean;
  /** Records that were found behind its cursor, whole. */
  readonly found_pending: number;
  /** Records behind its cursor that are gone or changed: they will be `dropped`, or dead letters. */
  readonly found_damaged: number;
  /** Its dead letters that are kept; fewer than `dead_lettered` when some were replayed, purged or too old. */
  readonly found_dead_letters: number;
  readonly holds: boolean;
}

export interface Recount {
  /** Every sum holds and every pending record is there. */
  readonly holds: boolean;
  readonly last_seq: number;
  readonly exporters: readonly ExporterRecount[];
}

/** Records read at a time, so that deliveries get their turn. */
const step = 500;
const stepChars = 4 * 1024 ** 2;

/** Reads every record that somebody waits for. Rejects with what the disk throws. */
export const recount = async (spool: Spool, readers: Readers, deadLetters: DeadLetters): Promise<Recount> => {
  // Both at one moment; what happens while the records are read is not counted.
  const stats = readers.stats;
  const cursors = stats.map(({ id }) => readers.cursorOf(id).seq);
  const last = spool.lastSeq;
  const whole = await wholeRecords(spool, Math.min(last, ...cursors), last);
  const letters = await deadLetters.count();
  const exporters = stats.map(({ id, accepted, pending, ...counts }, index): ExporterRecount => {
    const { delivered, duplicate, filtered, dead_lettered, dropped } = counts;
    const sum = delivered + duplicate + filtered + dead_lettered + dropped + pending;
    // What was settled since the beginning may have been deleted: it is not missed.
    const damaged = whole.missingAfter(Math.max(cursors[index] ?? last, readers.cursorOf(id).seq));
    const found = pending - damaged;
    return {
      id,
      accepted,
      delivered,
      duplicate,
      filtered,
      dead_lettered,
      dropped,
      pending,
      sums_hold: sum === accepted,
      found_pending: found,
      found_damaged: damaged,
      found_dead_letters: letters.get(id) ?? 0,
      holds: sum === accepted && damaged === 0,
    };
  });
  return { holds: exporters.every(({ holds }) => holds), last_seq: last, exporters };
};

/** Which records behind `from`, up to `to`, are there and whole: remembered as the few that are not. */
const wholeRecords = async (spool: Spool, from: number, to: number): Promise<{ missingAfter(seq: number): number }> => {
  const missing: { readonly seq: number; readonly count: number }[] = [];
  let at = from;
  while (at < to) {
    const records = spool.read(at, step, stepChars).filter(({ seq }) => seq <= to);
    for (const { seq, damaged } of records) {
      if (seq > at + 1) missing.push({ seq: seq - 1, count: seq - 1 - at });
      if (damaged) missing.push({ seq, count: 1 });
      at = seq;
    }
    if (records.length === 0) {
      missing.push({ seq: to, count: to - at });
      at = to;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    missingAfter: (seq) => missing.reduce((sum, gap) => sum + Math.max(0, Math.min(gap.count, gap.seq - seq)), 0),
  };
};
