/** Calendar periods of a budget in its own time zone: where the present one begins and ends, and its neighbours. */

/** What is counted together: from `from` on, before `until`; epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

export type CalendarUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

export type Period =
  | {
      readonly kind: 'calendar';
      readonly unit: CalendarUnit;
      /** IANA name, e.g. `Europe/Paris`. */
      readonly zone: string;
      /** Day of the month on which a month, quarter or year begins, 1 to 31; a month that is shorter begins on its last. */
      readonly anchorDay: number;
      /** First day of the week, 1 (Monday) to 7, as ISO 8601 counts. */
      readonly weekStart: number;
      /** First month of the fiscal year, 1 to 12: quarters and years are counted from it. */
      readonly fiscalMonth: number;
    }
  /** Slices of one length from `start` on, as Otoroshi counts. */
  | { readonly kind: 'cycle'; readonly length: number; readonly start: number }
  /** The last so many milliseconds at any moment, in steps of a sixtieth. */
  | { readonly kind: 'rolling'; readonly length: number }
  /** Never anew. */
  | { readonly kind: 'total' };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Steps of a rolling window: what is counted is at most a sixtieth more than the window. */
export const rollingSteps = 60;

/** The one period of what never begins anew. */
export const ever: Span = { from: 0, until: Number.MAX_SAFE_INTEGER };

/** The period that `at` falls into, the one before and the one after. Bounds are exact at every change of the clocks. */
export const spansAround = (period: Period, at: number): readonly [before: Span, now: Span, after: Span] => {
  if (period.kind === 'total') return [ever, ever, ever];
  const now = spanAt(period, at);
  return [spanAt(period, now.from - 1), now, spanAt(period, now.until)];
};

const spanAt = (period: Exclude<Period, { kind: 'total' }>, at: number): Span => {
  if (period.kind === 'calendar') return calendarSpan(period, at);
  const length = period.kind === 'cycle' ? period.length : period.length / rollingSteps;
  const start = period.kind === 'cycle' ? period.start : 0;
  const from = start + Math.floor((at - start) / length) * length;
  return { from, until: from + length };
};

type Calendar = Extract<Period, { kind: 'calendar' }>;

const calendarSpan = (period: Calendar, at: number): Span => {
  const { unit, zone } = period;
  const local = at + offsetAt(zone, at);
  if (unit === 'hour') {
    // In the hour that a clock repeats, both are hours of their own: the distance to the full hour is what counts.
    const from = at - modulo(local, hourMs);
    return { from, until: from + hourMs };
  }
  const day = Math.floor(local / dayMs);
  if (unit === 'day') return { from: midnight(zone, day), until: midnight(zone, day + 1) };
  if (unit === 'week') {
    // 1970-01-01 was a Thursday, day 4.
    const first = day - modulo(day + 4 - period.weekStart, 7);
    return { from: midnight(zone, first), until: midnight(zone, first + 7) };
  }
  const months = { month: 1, quarter: 3, year: 12 }[unit];
  const date = new Date(day * dayMs);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  // Before the anchor day the month still belongs to the one before.
  const begun = day < anchor(month, period.anchorDay) ? month - 1 : month;
  const first = begun - modulo(begun - (period.fiscalMonth - 1), months);
  return {
    from: midnight(zone, anchor(first, period.anchorDay)),
    until: midnight(zone, anchor(first + months, period.anchorDay)),
  };
};

/** Days since 1970 of the anchor day of a month (months since year 0). */
const anchor = (month: number, day: number): number => {
  const year = Math.floor(month / 12);
  const last = new Date(Date.UTC(year, modulo(month, 12) + 1, 0)).getUTCDate();
  return Date.UTC(year, modulo(month, 12), Math.min(day, last)) / dayMs;
};

/** When a day (since 1970) begins in a zone: where the clocks skip midnight, the first moment that is that day. */
const midnight = (zone: string, day: number): number => {
  const local = day * dayMs;
  const before = local - offsetAt(zone, local - dayMs);
  const after = local - offsetAt(zone, local + dayMs);
  for (const at of [Math.min(before, after), Math.max(before, after)]) if (at + offsetAt(zone, at) === local) return at;
  return transition(zone, local - dayMs, local + dayMs);
};

/** When the clocks of a zone change between two moments that have different offsets. */
const transition = (zone: string, from: number, until: number): number => {
  const offset = offsetAt(zone, from);
  let [low, high] = [from, until];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
};

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds that local time is ahead of UTC. Throws a RangeError for a zone that does not exist. */
const offsetAt = (zone: string, at: number): number => {
  if (zone === 'UTC') return 0;
  let clock = clocks.get(zone);
  if (!clock) {
    const two = '2-digit';
    clock = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
    clocks.set(zone, clock);
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
};
