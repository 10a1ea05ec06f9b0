/** From blocks to figures: medians with their spread, and ratios to the bare proxy round by round. */

import type { TargetName } from '../stage.ts';
import { type Spread, spread } from '../statistics.ts';
import type { Block, Cell, GatewayRun, MeasuredCell } from './measure.ts';

/** One target in one cell. Times in milliseconds, CPU in microseconds per call. */
export interface Row {
  readonly cell: Cell;
  readonly rate: number | null;
  readonly target: TargetName;
  readonly perSecond: Spread | null;
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  readonly firstByte: Spread | null;
  readonly cpu: Spread | null;
  readonly mainCpu: Spread | null;
  /** Share of one core that the gateway's process was busy for. */
  readonly busy: Spread | null;
  /** Share of the machine that programs outside of the benchmark took. */
  readonly others: Spread | null;
  /** Against the bare proxy in the same round: ratios of throughput and CPU, difference of the first byte's p50. */
  readonly throughputRatio: Spread | null;
  readonly cpuRatio: Spread | null;
  readonly firstByteDifference: Spread | null;
}

/** In the order of the cells, and of the targets within each. */
export const summarise = ({ cells }: GatewayRun, targets: readonly TargetName[]): Row[] =>
  cells.flatMap((measured) => targets.map((target) => row(measured, target)));

const row = ({ cell, rate, blocks }: MeasuredCell, target: TargetName): Row => {
  const own = blocks.filter((block) => block.target === target);
  const pairs = own.flatMap((block): [Block, Block][] => {
    const bare = blocks.find((other) => other.target === 'bare' && other.round === block.round);
    return bare && target !== 'bare' ? [[block, bare]] : [];
  });
  const over = (figure: (block: Block) => number | undefined): Spread | null => spread(known(own.map(figure)));
  const against = (compare: (block: Block, bare: Block) => number | undefined): Spread | null =>
    spread(known(pairs.map(([block, bare]) => compare(block, bare))));
  return {
    cell,
    rate,
    target,
    perSecond: over(({ measured }) => measured.perSecond),
    p50: over(({ measured }) => measured.latency?.p50),
    p99: over(({ measured }) => measured.latency?.p99),
    firstByte: over(({ measured }) => measured.firstByte?.p50),
    cpu: over(({ spent }) => spent?.perCall),
    mainCpu: over(({ spent }) => spent?.mainPerCall),
    busy: over(({ spent }) => spent?.busy),
    others: over((block) => block.others),
    throughputRatio: against((block, bare) => block.measured.perSecond / bare.measured.perSecond),
    cpuRatio: against(({ spent }, bare) => (spent && bare.spent ? spent.perCall / bare.spent.perCall : undefined)),
    firstByteDifference: against(({ measured }, bare) =>
      measured.firstByte && bare.measured.firstByte ? measured.firstByte.p50 - bare.measured.firstByte.p50 : undefined,
    ),
  };
};

const known = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
