/** Measures the gateway in blocks: every round runs each target once, in an order of its own, so that all meet the same machine. */
import type { Progress } from '../../../cli/progress.ts';
import { openStage, type Stage, type TargetName } from '../stage.ts';
import { shuffled, spread } from '../statistics.ts';
import type { Traffic } from '../wire/traffic.ts';
import { type MeasuredBlock, measureBlock } from './block.ts';
import { type Count, Counter } from './counter.ts';

/**
 * `closed`: each connection always has a call under way. `open`: calls begin at half the rate that the slowest gateway
 * took in the closed loop of 32.
 */
export interface Cell {
  readonly traffic: Traffic;
  readonly loop: 'closed' | 'open';
  readonly connections: number;
}

export interface Plan {
  readonly targets: readonly TargetName[];
  readonly cells: readonly Cell[];
  readonly rounds: number;
  /** Blocks that may be measured again because other programs spoiled them. */
  readonly spareBlocks: number;
  /** Milliseconds: of a block, of the calls before it that are not counted, and of those before the first block. */
  readonly blockMs: number;
  readonly warmMs: number;
  readonly firstMs: number;
}

export interface Block extends MeasuredBlock {
  readonly round: number;
  readonly target: TargetName;
}

export interface MeasuredCell {
  readonly cell: Cell;
  /** Calls per second asked for; null in a closed loop. */
  readonly rate: number | null;
  readonly blocks: readonly Block[];
}

export interface GatewayRun {
  readonly cells: readonly MeasuredCell[];
  readonly counts: readonly Count[];
  /** Calls that reached the upstream. */
  readonly served: number;
}

export const measureGateway = async (plan: Plan, progress: Progress): Promise<GatewayRun> => {
  const stage = await openStage(plan.targets);
  try {
    const counter = new Counter();
    const working = await warmUp(stage, counter, plan);
    const spare = { blocks: plan.spareBlocks };
    const cells: MeasuredCell[] = [];
    for (const [index, cell] of working ? plan.cells.entries() : []) {
      const rate = cell.loop === 'open' ? halfOfSlowest(cells, cell.traffic) : null;
      const { blockMs: ms, warmMs } = plan;
      const blockPlan = { ...cell, rate, ms, warmMs, spare };
      const blocks: Block[] = [];
      for (let round = 0; round < plan.rounds; round++) {
        for (const target of shuffled(stage.targets, 1000 * index + round)) {
          blocks.push({ round, target: target.name, ...(await measureBlock(stage, counter, target, blockPlan)) });
          progress.step();
        }
      }
      cells.push({ cell, rate, blocks });
    }
    const counts: Count[] = [];
    for (const target of stage.targets) counts.push(await counter.count(target));
    const { plain, streams } = await stage.upstream.call('served');
    return { cells, counts, served: plain + streams };
  } finally {
    await stage.close();
  }
};

/** Code that runs for the first time is slow everywhere. False: one that gives no right answer need not be measured. */
const warmUp = async ({ load, targets }: Stage, counter: Counter, { cells, firstMs }: Plan): Promise<boolean> => {
  for (const target of targets) {
    for (const traffic of new Set(cells.map((cell) => cell.traffic))) {
      await load.call('connect', target.place, 32);
      const measured = await load.call('closedLoop', target.place, traffic, { ms: firstMs });
      await load.call('disconnect');
      counter.add(target, measured);
      if (measured.verified === 0) return false;
    }
  }
  return true;
};

/** More than a gateway can take would measure how long its queue gets. */
const halfOfSlowest = (cells: readonly MeasuredCell[], traffic: Traffic): number => {
  const closed = cells.find(
    ({ cell }) => cell.traffic === traffic && cell.loop === 'closed' && cell.connections === 32,
  );
  const gateways = closed?.blocks.filter(({ target }) => target !== 'direct') ?? [];
  const rates = [...new Set(gateways.map(({ target }) => target))].map((target) => {
    const own = gateways.filter((block) => block.target === target);
    return spread(own.map(({ measured }) => measured.perSecond))?.median ?? Number.POSITIVE_INFINITY;
  });
  if (rates.length === 0) throw new Error(`an open loop of ${traffic} needs a closed one of 32 connections before it`);
  return Math.min(...rates) / 2;
};
