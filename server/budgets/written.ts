/** From a budget as people and Otoroshi write it to the one that is enforced. */
import type { Budget } from '../../plugins/budgets/budget.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import type { Difference } from '../config/schema-problems.ts';
import { readLimits } from './limits.ts';
import { type ReadPeriod, readPeriod } from './period.ts';
import { readScope } from './scope.ts';

export interface ReadBudget {
  readonly budget: Budget;
  /** With any of these it must not be used. */
  readonly problems: readonly Difference[];
  /** What was understood and has no effect. */
  readonly warnings: readonly string[];
}

/** @param written fits its schema. */
export const readBudget = (written: WrittenBudget): ReadBudget => {
  const problems: Difference[] = [];
  const warnings: string[] = [];
  const startAt = momentOf('start_at', written, problems);
  const endAt = momentOf('end_at', written, problems);
  if (startAt !== null && endAt !== null && endAt <= startAt)
    problems.push({ path: ['end_at'], message: 'must be later than start_at' });
  const limits = readLimits(written.limits, problems);
  if (problems.length === 0 && limits.every(({ amount }) => amount === null))
    warnings.push('it has no limit: it counts, and refuses nothing');
  const budget: Budget = {
    purpose: 'budget',
    each: written.each ?? null,
    id: written.id,
    name: written.name ?? written.id,
    enabled: written.enabled,
    startAt,
    endAt,
    ...windowOf(readPeriod(written, startAt, problems), written.each),
    limits,
    scope: readScope(written, problems, warnings),
    ...consequences(written, problems),
    onUnknownPrice: written.on_unknown_price,
    countsCached: written.count_cached_tokens,
    shrinks: written.reserve.shrink,
    refusal: { status: written.refusal.status, message: written.refusal.message ?? null },
    priority: written.priority,
  };
  return { budget, problems, warnings };
};

/** Also says that it is many budgets, where it is. */
const windowOf = ({ period, window }: ReadPeriod, each: string | undefined): ReadPeriod => ({
  period,
  window: each === undefined ? window : `${window ?? 'total'}, each ${each}`,
});

const consequences = (
  { mode, thresholds, action_on_exceed: action }: WrittenBudget,
  problems: Difference[],
): Pick<Budget, 'mode' | 'thresholds'> => {
  if (action === undefined)
    return { mode: mode ?? 'block', thresholds: [...new Set(thresholds ?? [50, 80, 100])].sort((a, b) => a - b) };
  for (const [name, value] of Object.entries({ mode, thresholds }))
    if (value !== undefined) problems.push({ path: [name], message: 'stands beside action_on_exceed: one of both' });
  const almost = action.alert_on_almost_exceed ? [action.alert_on_almost_exceed_percentage] : [];
  const exceeded = action.alert_on_exceed ? [100] : [];
  return { mode: action.mode, thresholds: [...new Set([...almost, ...exceeded])] };
};

const moment = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/** Without an offset a time would mean another moment on another machine. */
const momentOf = (key: 'start_at' | 'end_at', written: WrittenBudget, problems: Difference[]): number | null => {
  const text = written[key];
  if (text === undefined || text === null) return null;
  const at = moment.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at) && isDay(text.slice(0, 10))) return at;
  problems.push({
    path: [key],
    message: 'must be a day or a time with its offset: 2026-01-01, 2026-01-01T00:00:00+01:00',
  });
  return null;
};

/** 31 February is read as 3 March otherwise. */
const isDay = (text: string): boolean => new Date(text).toISOString().startsWith(text);
