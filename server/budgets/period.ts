/** The `period` of a written budget, and Otoroshi's `duration`. */

import { milliseconds } from '../../exporters/units.ts';
import type { CalendarUnit, Period } from '../../plugins/budgets/period.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import type { Difference } from '../config/schema-problems.ts';

export interface ReadPeriod {
  readonly period: Period;
  /** As events show it: `month`, `rolling 24h`, `30d`; null: never anew. */
  readonly window: string | null;
}

const total: ReadPeriod = { period: { kind: 'total' }, window: null };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const hundredYears = 100 * 365 * dayMs;
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

export const readPeriod = (written: WrittenBudget, startAt: number | null, problems: Difference[]): ReadPeriod => {
  const add = (message: string, ...path: string[]): ReadPeriod => {
    problems.push({ path, message });
    return total;
  };
  const { period, duration } = written;
  if (duration !== undefined) {
    if (period !== undefined) return add('stands beside period: one of both', 'duration');
    if (startAt === null) return add('is counted from start_at, which is missing', 'duration');
    const length = duration.value * { hour: hourMs, day: dayMs, year: 365 * dayMs }[duration.unit];
    if (length > hundredYears) return add('must be at most 100 years', 'duration', 'value');
    return { period: { kind: 'cycle', length, start: startAt }, window: `${duration.value}${duration.unit[0]}` };
  }
  if (period === undefined || period === 'total') return total;
  if (typeof period === 'string' && period.startsWith('rolling')) {
    const text = period.slice('rolling'.length).trim();
    const length = milliseconds(text);
    // A window is counted in sixty steps: they must be whole, and long enough to be told apart.
    if (length < 60_000 || length % 60_000 !== 0 || length > 366 * dayMs)
      return add('must roll over whole minutes, 1m to 366d', 'period');
    return { period: { kind: 'rolling', length }, window: `rolling ${text}` };
  }
  const { unit, zone, anchor_day, week_start, fiscal_month } =
    typeof period === 'string' ? { unit: period as CalendarUnit } : period;
  if (zone !== undefined && !isZone(zone))
    return add('is no time zone; accepted: IANA names as in Europe/Paris, UTC', 'period', 'zone');
  // What would change nothing is an error: it was meant to.
  if (anchor_day !== undefined && !['month', 'quarter', 'year'].includes(unit))
    return add('is for the units month, quarter and year', 'period', 'anchor_day');
  if (week_start !== undefined && unit !== 'week') return add('is for the unit week', 'period', 'week_start');
  if (fiscal_month !== undefined && unit !== 'quarter' && unit !== 'year')
    return add('is for the units quarter and year', 'period', 'fiscal_month');
  return {
    period: {
      kind: 'calendar',
      unit,
      zone: zone ?? 'UTC',
      anchorDay: anchor_day ?? 1,
      weekStart: weekdays.indexOf(week_start ?? 'monday') + 1,
      fiscalMonth: fiscal_month ?? 1,
    },
    window: unit,
  };
};

const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};
