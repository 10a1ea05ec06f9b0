/** A run as tables. */
import { integer, percent, renderTable } from '../../../cli/table.ts';
import { middle, spreadOf } from '../report/figures.ts';
import type { Count } from './counter.ts';
import type { Goal } from './goals.ts';
import type { Row } from './summary.ts';

const loadOf = ({ cell, rate }: Row): string =>
  rate === null ? `${cell.connections} conn.` : `${integer(rate)}/s open`;

const figures = (rows: readonly Row[]): string =>
  renderTable<Row>(
    [
      { title: 'traffic', left: true, cell: ({ cell }) => cell.traffic },
      { title: 'load', left: true, cell: loadOf },
      { title: 'target', left: true, cell: ({ target }) => target },
      { title: 'calls/s', cell: ({ perSecond }) => (perSecond ? integer(perSecond.median) : '–') },
      { title: '× bare', cell: ({ throughputRatio }) => spreadOf(throughputRatio, 2) },
      { title: 'p50 ms', cell: ({ p50 }) => middle(p50, 2) },
      { title: 'p99 ms', cell: ({ p99 }) => middle(p99, 2) },
      { title: '1st byte ms', cell: ({ firstByte }) => middle(firstByte, 2) },
      { title: '− bare', cell: ({ firstByteDifference }) => spreadOf(firstByteDifference, 2) },
      { title: 'CPU µs/call', cell: ({ cpu }) => middle(cpu, 0) },
      { title: 'HTTP thread', cell: ({ mainCpu }) => middle(mainCpu, 0) },
      { title: '× bare', cell: ({ cpuRatio }) => spreadOf(cpuRatio, 2) },
      { title: 'core busy', cell: ({ busy }) => (busy ? percent(busy.median) : '–') },
      { title: 'others', cell: ({ others }) => (others ? percent(others.median) : '–') },
    ],
    rows,
  );

const digitsOf = ({ wanted }: Goal): number => (wanted.endsWith('µs') ? 0 : 2);

const goalTable = (goals: readonly Goal[]): string =>
  renderTable<Goal>(
    [
      { title: 'goal', left: true, cell: ({ name }) => name },
      { title: 'wanted', cell: ({ wanted }) => wanted },
      { title: 'measured', cell: (goal) => spreadOf(goal.measured, digitsOf(goal)) },
      { title: '', left: true, cell: ({ met }) => (met ? 'met' : 'MISSED') },
    ],
    goals,
  );

const soundness = (counts: readonly Count[], faults: readonly string[]): string => {
  if (faults.length > 0) return `NOT SOUND:\n${faults.map((fault) => `  ${fault}\n`).join('')}`;
  const calls = counts.reduce((sum, count) => sum + count.calls, 0);
  const audits = counts
    .filter(({ events }) => events !== null)
    .map((count) => `${count.target} ${integer(count.calls)}`);
  return `${integer(calls)} answers, each byte for byte the upstream's. Calls = events on disk: ${audits.join(', ')}.\n`;
};

export const printed = (
  rows: readonly Row[],
  wanted: readonly Goal[],
  counts: readonly Count[],
  faults: readonly string[],
): string => `${figures(rows)}

Medians of the rounds, (min..max) where it matters. CPU: the gateway's whole process, its delivery thread included.
Others: what programs outside of the benchmark took of the machine in the blocks that count.

${goalTable(wanted)}

${soundness(counts, faults)}`;
