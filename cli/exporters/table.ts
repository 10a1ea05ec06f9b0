/** Exporters as a table: what each accepted is the sum of what became of it. */
import type { ExporterStats } from '../../exporters/delivery/stats.ts';
import { type Column, integer, renderTable } from '../table.ts';

/** `12s`, `3m`, `2h`, `4d`. */
export const age = (seconds: number): string => {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

const count = (title: string, of: (stats: ExporterStats) => number): Column<ExporterStats> => ({
  title,
  cell: (stats) => integer(of(stats)),
});

const columns: readonly Column<ExporterStats>[] = [
  { title: 'Exporter', cell: ({ id }) => id, left: true },
  { title: 'Type', cell: ({ type }) => type, left: true },
  { title: 'State', cell: ({ state }) => state, left: true },
  count('Accepted', (stats) => stats.accepted),
  count('= Delivered', (stats) => stats.delivered),
  count('+ Duplicate', (stats) => stats.duplicate),
  count('+ Filtered', (stats) => stats.filtered),
  count('+ Dead letters', (stats) => stats.dead_lettered),
  count('+ Dropped', (stats) => stats.dropped),
  count('+ Pending', (stats) => stats.pending),
  { title: 'Lag', cell: ({ pending, lag_seconds }) => (pending === 0 ? '–' : age(lag_seconds)) },
];

/** Why those do not deliver that should stand below. */
export const exporterTable = (exporters: readonly ExporterStats[]): string =>
  [
    renderTable(columns, exporters),
    ...exporters.flatMap(({ id, reason }) => (reason === null ? [] : [`${id}: ${reason}`])),
  ].join('\n');
