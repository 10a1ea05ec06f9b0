/** One target under one load for a second or two. */
import type { Measured } from '../load/tally.ts';
import { watchMachine } from '../machine-use.ts';
import type { Stage, Target } from '../stage.ts';
import type { Traffic } from '../wire/traffic.ts';
import type { Counter } from './counter.ts';

export interface BlockPlan {
  readonly traffic: Traffic;
  readonly connections: number;
  /** Calls per second; null: a closed loop. */
  readonly rate: number | null;
  /** Milliseconds: of the block, and of the calls before it that are not counted. */
  readonly ms: number;
  readonly warmMs: number;
  /** Further blocks that may be measured in place of spoiled ones; counted down. */
  readonly spare: { blocks: number };
}

/** Of the gateway's process; null for `direct`. */
export interface Spent {
  /** Microseconds of CPU: all threads, and the one that serves HTTP. */
  readonly perCall: number;
  readonly mainPerCall: number;
  /** Share of one core that it was busy for. */
  readonly busy: number;
}

export interface MeasuredBlock {
  readonly measured: Measured;
  readonly spent: Spent | null;
  /** Share of the machine that programs outside of the benchmark took. */
  readonly others: number;
}

/** What others may take without spoiling a block, and how often one is tried until it is taken as it is. */
const bearable = 0.03;
const tries = 4;

/** A block in which others took too much is measured again; the least disturbed counts. */
export const measureBlock = async (
  stage: Stage,
  counter: Counter,
  target: Target,
  plan: BlockPlan,
): Promise<MeasuredBlock> => {
  let best = await measureOnce(stage, counter, target, plan);
  for (let again = 1; again < tries && best.others > bearable && plan.spare.blocks > 0; again++) {
    plan.spare.blocks--;
    const other = await measureOnce(stage, counter, target, plan);
    if (other.others < best.others) best = other;
  }
  return best;
};

const measureOnce = async (
  stage: Stage,
  counter: Counter,
  target: Target,
  { traffic, connections, rate, ms, warmMs }: BlockPlan,
): Promise<MeasuredBlock> => {
  const { place } = target;
  const { load } = stage;
  await load.call('connect', place, connections);
  try {
    counter.add(target, await load.call('closedLoop', place, traffic, { ms: warmMs }));
    await counter.settled(target);
    const watched = await watchMachine(stage, target);
    const measured =
      rate === null
        ? await load.call('closedLoop', place, traffic, { ms })
        : await load.call('openLoop', place, traffic, rate, ms);
    counter.add(target, measured);
    // What an event costs after its answer has left is part of its price.
    await counter.settled(target);
    const { gateway, busy, others } = await watched();
    const calls = measured.verified + measured.wrong;
    const spent = gateway && { perCall: gateway.all / calls, mainPerCall: gateway.main / calls, busy: busy ?? 0 };
    return { measured, spent, others };
  } finally {
    await load.call('disconnect');
  }
};
