/** What the audit may cost, and whether a run has shown it. */
import type { Spread } from '../statistics.ts';
import type { Count } from './counter.ts';
import type { Row } from './summary.ts';

export interface Goal {
  readonly name: string;
  readonly wanted: string;
  readonly measured: Spread;
  readonly met: boolean;
}

const least = (name: string, limit: number, measured: Spread | null): Goal[] =>
  measured ? [{ name, wanted: `>= ${limit}`, measured, met: measured.median >= limit }] : [];
const most = (name: string, limit: number, unit: string, measured: Spread | null): Goal[] =>
  measured ? [{ name, wanted: `<= ${limit}${unit}`, measured, met: measured.median <= limit }] : [];

/** Judged by the median of the rounds, for events durable on disk without an exporter. */
export const goals = (rows: readonly Row[]): Goal[] => {
  const audited = rows.filter(({ target }) => target === 'audited');
  const closed = audited.filter(({ cell }) => cell.loop === 'closed');
  const at32 = closed.filter(({ cell }) => cell.connections === 32);
  return [
    ...closed.flatMap(({ cell: { traffic, connections }, throughputRatio }) =>
      least(`throughput, ${traffic}, ${connections} conn., × bare`, traffic === 'plain' ? 0.85 : 0.95, throughputRatio),
    ),
    ...at32.flatMap(({ cell: { traffic }, cpu, cpuRatio }) => [
      ...most(`CPU, ${traffic}, 32 conn.`, traffic === 'plain' ? 250 : 600, ' µs', cpu),
      ...most(`CPU, ${traffic}, 32 conn., × bare`, 1.5, '', cpuRatio),
    ]),
    // Where all connections are always busy, the first byte waits for the others' work; here it does not.
    ...audited
      .filter(({ cell }) => cell.traffic !== 'plain' && (cell.loop === 'open' || cell.connections === 1))
      .flatMap(({ cell: { traffic, loop }, firstByteDifference }) =>
        most(
          `first byte, ${traffic}, ${loop === 'open' ? 'open loop' : '1 conn.'}, − bare`,
          0.2,
          ' ms',
          firstByteDifference,
        ),
      ),
  ];
};

/** Why the figures of a run are worth nothing; none when it is sound. */
export const faults = ({ counts, served }: { counts: readonly Count[]; served: number }): string[] => {
  const calls = counts.reduce((sum, count) => sum + count.calls, 0);
  return [
    ...counts.flatMap(({ target, wrong, firstWrong }) =>
      wrong > 0 ? [`${target}: ${wrong} answers were wrong, the first: ${firstWrong}`] : [],
    ),
    ...counts.flatMap(({ target, calls, events }) =>
      events !== null && events !== calls ? [`${target}: ${calls} calls, but ${events} events on disk`] : [],
    ),
    ...(served === calls ? [] : [`the client made ${calls} calls, the upstream answered ${served}`]),
  ];
};
