/** How long to wait before the next attempt. */

export interface Backoff {
  /** Milliseconds: upper bound of the wait after the first failure. */
  readonly min: number;
  /** Milliseconds: the bound doubles with each failure up to this. */
  readonly max: number;
}

/** A destination may ask for more patience than `backoff.max`, but not for more than this (milliseconds). */
export const longestRetryAfter = 15 * 60_000;

/**
 * Milliseconds to wait after so many failures in a row (at least 1): exponential with full jitter, so that many
 * exporters do not come back in step. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * `random` gives numbers in [0, 1).
 */
export const backoffDelay = (failures: number, { min, max }: Backoff, random: () => number): number =>
  Math.round(random() * Math.min(max, min * 2 ** Math.min(failures - 1, 52)));

/** `Retry-After` (RFC 9110 §10.2.3: seconds or a date) in milliseconds from `now`, capped; null when absent or unreadable. */
export const retryAfter = (header: string | undefined, now: number): number | null => {
  if (header === undefined) return null;
  const text = header.trim();
  const wait = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), longestRetryAfter);
};
