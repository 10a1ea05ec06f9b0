/** Budgets as a table: one line for each limit. */
import type { Shown } from '../../server/budgets/administration.ts';
import type { Consumed } from '../../server/budgets/consumption.ts';
import { type Column, integer, percent, renderTable, usd } from '../table.ts';

interface Line {
  readonly shown: Shown;
  /** Null: the store could not be asked. */
  readonly one: Consumed | null;
}

/** @param now epoch milliseconds */
export const budgetTable = (budgets: readonly Shown[], now: number): string =>
  renderTable(columns(now), budgets.flatMap(linesOf));

/** What is limited; of a budget without limits, what is counted. */
const linesOf = (shown: Shown): Line[] => {
  if (!shown.consumption) return [{ shown, one: null }];
  const { limits } = shown.consumption;
  const limited = limits.filter(({ allowed }) => allowed !== null);
  return (limited.length > 0 ? limited : limits).map((one) => ({ shown, one }));
};

const amount = (one: Consumed | null, value: number | null | undefined): string =>
  one?.limit.endsWith('_usd') ? usd(value ?? null) : integer(value ?? null);

const columns = (now: number): Column<Line>[] => [
  { title: 'Budget', left: true, cell: ({ shown }) => shown.id },
  { title: 'State', left: true, cell: ({ shown }) => stateOf(shown) },
  { title: 'Limit', left: true, cell: ({ one }) => one?.limit ?? 'the store cannot be reached' },
  { title: 'Consumed', cell: ({ one }) => amount(one, one?.consumed) },
  { title: 'Reserved', cell: ({ one }) => amount(one, one?.reserved) },
  { title: 'Allowed', cell: ({ one }) => amount(one, one?.allowed) },
  { title: 'Remaining', cell: ({ one }) => amount(one, one?.remaining) },
  { title: 'Used', cell: ({ one }) => percent(one?.used_ratio ?? null) },
  { title: 'Resets in', cell: ({ shown }) => resetOf(shown, now) },
];

const stateOf = ({ budget, consumption }: Shown): string => {
  if (!budget.enabled) return 'disabled';
  const isSpent = consumption?.limits.some(({ remaining }) => remaining !== null && remaining <= 0);
  if (isSpent) return 'spent';
  return (budget.mode ?? budget.action_on_exceed?.mode) === 'soft' ? 'soft' : 'open';
};

const resetOf = ({ window, consumption }: Shown, now: number): string => {
  if (window === null) return 'never';
  if (!consumption?.reset_at) return window;
  return spanText(Date.parse(consumption.reset_at) - now);
};

/** The two largest units: `3d 4h`, `2h 5m`, `41s`. */
const spanText = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
};
