/** Deletes the rows of old events, in small steps, beside the sending. */
import type { Log } from '../log.ts';
import type { Outcome } from '../pipeline/outcome.ts';

/** Milliseconds between two sweeps. */
const interval = 3_600_000;
/** Rows that one statement deletes: locks are short, and replicas keep up. */
export const stepRows = 2_000;
/** Milliseconds between two steps: whoever else uses the server comes first. */
const stepPause = 100;

export interface Retention {
  /** Sweeps in the background, unless it did so within the hour. Further sweeps follow every hour. */
  begin(): void;
  /** Ends a sweep under way soon. */
  stop(): void;
}

/** `deleteSome` deletes at most `stepRows` rows; resolves to how many they were, or to what it failed by. */
export const retention = (
  deleteSome: (signal: AbortSignal) => Promise<number | Outcome>,
  id: string,
  log: Log,
): Retention => {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;

  const sweep = async (): Promise<void> => {
    let rows = 0;
    for (let isMore = true; isMore && !stopping.signal.aborted; ) {
      const deleted = await deleteSome(stopping.signal);
      if (typeof deleted === 'number') rows += deleted;
      // The next sweep tries again; sending is not its business.
      else if (!stopping.signal.aborted) {
        log('warn', 'rows of old events cannot be deleted', {
          exporter: id,
          reason: 'reason' in deleted ? deleted.reason : '',
        });
      }
      isMore = typeof deleted === 'number' && deleted >= stepRows;
      if (isMore) await new Promise((resolve) => setTimeout(resolve, stepPause));
    }
    if (rows > 0) log('info', 'rows of old events are deleted', { exporter: id, rows });
  };

  return {
    begin: () => {
      if (timer !== null || stopping.signal.aborted) return;
      timer = setInterval(() => void sweep(), interval).unref();
      void sweep();
    },
    stop: () => {
      stopping.abort();
      if (timer !== null) clearInterval(timer);
    },
  };
};
