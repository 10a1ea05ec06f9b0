/** What the delivery has to tell about itself; field names are those of the admin API and the metrics. */
import type { Exporter } from '../config.ts';
import type { Health } from '../pipeline/patience.ts';
import type { Run } from '../pipeline/run.ts';
import type { Counts, Cursor } from '../spool/cursors.ts';
import type { Spool } from '../spool/spool.ts';

/** `accepted = delivered + duplicate + filtered + dead_lettered + dropped + pending`, always. */
export interface ExporterStats extends Counts {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly state: Health['state'] | 'disabled' | 'paused';
  /** Why it is not delivering; null when it is. */
  readonly reason: string | null;
  /** Records since this exporter was first configured, and those that were offered to it once more. */
  readonly accepted: number;
  /** Of them: after a rewind, or from the dead letters. */
  readonly again: number;
  readonly pending: number;
  /** Time of the oldest event that is pending (RFC 3339); null: none is. */
  readonly oldest_pending_at: string | null;
  /** Its age in seconds; 0: none is pending. */
  readonly lag_seconds: number;
  /** Since the exporter was opened: attempts that ended well or for good, attempts that have to be made again, characters delivered. */
  readonly batches: number;
  readonly retries: number;
  readonly sent_chars: number;
  /** When the destination last took something since then (RFC 3339). */
  readonly last_success_at: string | null;
}

export interface DeliveryStats {
  /** Records taken over the life of the data directory. */
  readonly accepted: number;
  /** Records in memory, waiting for the disk. */
  readonly unwritten: number;
  /** Why the disk does not take them; null while it does. */
  readonly disk_trouble: string | null;
  readonly spool: {
    readonly segments: number;
    readonly bytes: number;
    readonly oldest_seq: number;
    readonly last_seq: number;
    /** `on_full: refuse_calls` applies now. */
    readonly full: boolean;
    /** Since the start. */
    readonly damaged_files: number;
  };
  readonly dead_letters: {
    /** Since the start. */
    readonly records: number;
    readonly files: number;
    readonly bytes: number;
    /** Deleted since the start, for want of room or because of their age. */
    readonly removed_files: number;
  };
  readonly exporters: readonly ExporterStats[];
}

interface Facts {
  readonly exporter: Exporter;
  readonly cursor: Cursor;
  readonly run: Run | null;
  /** Why it could not be opened. */
  readonly failure: string | null;
  readonly spool: Spool;
  /** Epoch milliseconds. */
  readonly now: number;
}

const stateOf = ({ exporter, cursor, run, failure }: Facts): Pick<ExporterStats, 'state' | 'reason'> => {
  if (!exporter.enabled) return { state: 'disabled', reason: null };
  if (cursor.paused) return { state: 'paused', reason: 'paused by an operator' };
  if (failure !== null) return { state: 'blocked', reason: failure };
  return run ? run.health : { state: 'paused', reason: 'the delivery is only looked at' };
};

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Of what a Date can hold, epoch milliseconds. */
const latest = 8.64e15;

const oldestPending = ({ cursor, spool }: Facts): number | null => {
  try {
    const at = cursor.seq < spool.lastSeq ? spool.timeAfter(cursor.seq) : null;
    return at === null || Math.abs(at) > latest ? null : at;
  } catch {
    return null; // the disk does not let us see it
  }
};

export const exporterStats = (facts: Facts): ExporterStats => {
  const { exporter, cursor, run, spool, now } = facts;
  const { start, seq, again, paused: _, ...counts } = cursor;
  const at = oldestPending(facts);
  return {
    id: exporter.id,
    type: exporter.type,
    name: exporter.name,
    ...stateOf(facts),
    accepted: spool.lastSeq - start + again,
    again,
    ...counts,
    pending: spool.lastSeq - seq,
    oldest_pending_at: iso(at),
    lag_seconds: at === null ? 0 : Math.max(0, (now - at) / 1000),
    batches: run?.traffic.batches ?? 0,
    retries: run?.traffic.retries ?? 0,
    sent_chars: run?.traffic.sent ?? 0,
    last_success_at: iso(run?.traffic.lastSuccess ?? null),
  };
};
