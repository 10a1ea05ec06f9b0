/** Times as people write them. */
import { milliseconds } from '../exporters/units.ts';
import { UsageError } from './command.ts';

/** Epoch milliseconds of `2026-01-31T12:00:00Z`, `2026-01-31`, or of how long ago: `90m`, `2h`, `1d`. Throws a UsageError. */
export const timeOf = (text: string, now: number): number => {
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  try {
    return now - milliseconds(text);
  } catch {
    throw new UsageError(
      `"${text}" is no time; accepted: 2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 90m, 2h, 1d`,
    );
  }
};
