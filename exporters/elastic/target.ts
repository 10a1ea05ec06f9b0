/** The index of an event, by the event's own time: an event that comes again meets itself there. */
import type { Interval, Target } from './config.ts';

const day = 86_400_000;
/** A time outside of this century is a mistake; it must not make an index for each day of it. */
const first = Date.UTC(2000, 0, 3); // the first Monday: before it, the week is of another year
const last = Date.UTC(2099, 11, 31);

/** ISO 8601: the week, and the year, of this week's Thursday. In lower case, as the names of indices must be. */
const week = (at: number): string => {
  const weekday = new Date(at).getUTCDay() || 7;
  const thursday = new Date(at + (4 - weekday) * day);
  const year = thursday.getUTCFullYear();
  const number = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1;
  return `${year}-w${String(number).padStart(2, '0')}`;
};

const suffixes: Record<Interval, (at: number) => string> = {
  Day: (at) => new Date(at).toISOString().slice(0, 10),
  Week: week,
  Month: (at) => new Date(at).toISOString().slice(0, 7),
  Year: (at) => new Date(at).toISOString().slice(0, 4),
};

/** `at`: epoch milliseconds. */
export const indexFor = (target: Target, at: number): string =>
  target.is === 'dated'
    ? `${target.index}-${suffixes[target.interval](Math.min(Math.max(Math.trunc(at) || 0, first), last))}`
    : target.index;

/** Matches the names that `indexFor` gives, and not every index whose name begins like ours. */
export const patternFor = (target: Target): string => (target.is === 'dated' ? `${target.index}-20*` : target.index);
