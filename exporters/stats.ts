/** What the delivery has to tell about itself; field names are those of the admin API and the metrics. */
import type { Exporter } from './config.ts';
import type { Health } from './pipeline/patience.ts';
import type { Counts, Cursor } from './spool/cursors.ts';

/** `accepted = delivered + duplicate + filtered + dead_lettered + dropped + pending`, always. */
export interface ExporterStats extends Counts {
  readonly id: string;
  readonly type: string;
  readonly state: Health['state'] | 'disabled';
  /** Why it is not delivering; null when it is. */
  readonly reason: string | null;
  /** Records since this exporter was first configured. */
  readonly accepted: number;
  readonly pending: number;
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
    /** Deleted since the start, for want of room. */
    readonly removed_files: number;
  };
  readonly exporters: readonly ExporterStats[];
}

/** `health` is null for a disabled exporter. */
export const exporterStats = (
  { id, type }: Exporter,
  { start, seq, ...counts }: Cursor,
  health: Health | null,
  lastSeq: number,
): ExporterStats => ({
  id,
  type,
  state: health?.state ?? 'disabled',
  reason: health?.reason ?? null,
  accepted: lastSeq - start,
  ...counts,
  pending: lastSeq - seq,
});
