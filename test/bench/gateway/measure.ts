/** Measures the gateway in blocks: every round runs each target once, in an order of its own, so that all meet the same machine. */
import type { Progress } from '../../../cli/progress.ts';
import { type CoreUse, watchCore } from '../core.ts';
import type { Measured } from '../load/tally.ts';
import { openStage, type Stage, type Target, type TargetName } from '../stage.ts';
import { shuffled, spread } from '../statistics.ts';
import type { Traffic } from '../wire/traffic.ts';

/** `closed`: each connection always has a call under way. `open`: at half the rate that the slowest gateway took in the closed loop of 32. */
export interface Cell {
  readonly traffic: Traffic;
  readonly loop: 'closed' | 'open';
  readonly connections: number;
}

export interface Plan {
  readonly targets: readonly TargetName[];
  readonly cells: readonly Cell[];
  readonly rounds: number;
  /** Milliseconds: of a block, of the calls before it that are not counted, and of those before the first block. */
  readonly blockMs: number;
  readonly warmMs: number;
  readonly firstMs: number;
}

/** What the gateway's process spent, microseconds of CPU per call: all threads, and the one that serves HTTP. */
export interface Spent {
  readonly perCall: number;
  readonly mainPerCall: number;
  readonly core: CoreUse;
}

export interface Block {
  readonly round: number;
  readonly target: TargetName;
  readonly measured: Measured;
  /** Null for `direct`. */
  readonly spent: Spent | null;
}

export interface MeasuredCell {
  readonly cell: Cell;
  /** Calls per second asked for; null in a closed loop. */
  readonly rate: number | null;
  readonly blocks: readonly Block[];
}

/** Of one target over the whole run, calls outside of blocks included. */
export interface Count {
  readonly target: TargetName;
  readonly calls: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Events on disk; null where none are made. */
  readonly events: number | null;
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
    const counter = new Counter(stage);
    for (const target of stage.targets) {
      for (const traffic of new Set(plan.cells.map((cell) => cell.traffic))) {
        await stage.load.call('connect', target.place, 32);
        counter.add(target, await stage.load.call('closedLoop', target.place, traffic, { ms: plan.firstMs }));
        await stage.load.call('disconnect');
      }
    }
    const cells: MeasuredCell[] = [];
    for (const [index, cell] of plan.cells.entries()) {
      const rate = cell.loop === 'open' ? halfOfSlowest(cells, cell.traffic) : null;
      const blocks: Block[] = [];
      for (let round = 0; round < plan.rounds; round++) {
        for (const target of shuffled(stage.targets, 1000 * index + round)) {
          blocks.push({
            round,
            target: target.name,
            ...(await measureBlock(stage, counter, target, cell, rate, plan)),
          });
          progress.step();
        }
      }
      cells.push({ cell, rate, blocks });
    }
    const counts = await counter.counts();
    const { plain, streams } = await stage.upstream.call('served');
    return { cells, counts, served: plain + streams };
  } finally {
    await stage.close();
  }
};

/** Shares of the gateway's core that other programs may take without spoiling a block, and tries until it is taken as it is. */
const bearable = 0.05;
const tries = 4;

/** A block in which other programs took too much is measured again; the least disturbed counts. */
const quietBlock = async (...about: Parameters<typeof measureBlock>): ReturnType<typeof measureBlock> => {
  let best = await measureBlock(...about);
  const disturbance = ({ spent }: typeof best): number => spent?.core.others ?? 0;
  for (let again = 1; again < tries && disturbance(best) > bearable; again++) {
    const other = await measureBlock(...about);
    if (disturbance(other) < disturbance(best)) best = other;
  }
  return best;
};

const measureBlock = async (
  { load }: Stage,
  counter: Counter,
  target: Target,
  { traffic, connections }: Cell,
  rate: number | null,
  { blockMs, warmMs }: Plan,
): Promise<Pick<Block, 'measured' | 'spent'>> => {
  const { place, gateway } = target;
  await load.call('connect', place, connections);
  try {
    counter.add(target, await load.call('closedLoop', place, traffic, { ms: warmMs }));
    await counter.settled(target);
    const coreUse = watchCore();
    const before = await gateway?.call('cpu');
    const measured =
      rate === null
        ? await load.call('closedLoop', place, traffic, { ms: blockMs })
        : await load.call('openLoop', place, traffic, rate, blockMs);
    counter.add(target, measured);
    // What an event costs after its answer has left is part of its price.
    await counter.settled(target);
    const after = await gateway?.call('cpu');
    const calls = measured.verified + measured.wrong;
    if (!before || !after) return { measured, spent: null };
    const all = after.all - before.all;
    const spent = { perCall: all / calls, mainPerCall: (after.main - before.main) / calls, core: coreUse(all) };
    return { measured, spent };
  } finally {
    await load.call('disconnect');
  }
};

/** Keeps the books: who was called how often, and how many events came of it. */
class Counter {
  readonly #stage: Stage;
  readonly #counts = new Map<TargetName, { calls: number; wrong: number; firstWrong: string | null }>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  add({ name }: Target, { verified, wrong, firstWrong }: Measured): void {
    const before = this.#counts.get(name) ?? { calls: 0, wrong: 0, firstWrong: null };
    this.#counts.set(name, {
      calls: before.calls + verified + wrong,
      wrong: before.wrong + wrong,
      firstWrong: before.firstWrong ?? firstWrong,
    });
  }

  /** Resolves to the events on disk once there is one for each call, or ten seconds later; null where none are made. */
  async settled({ name, place, gateway }: Target): Promise<number | null> {
    return gateway && place.audited ? gateway.call('settled', this.#counts.get(name)?.calls ?? 0) : null;
  }

  async counts(): Promise<Count[]> {
    const counts: Count[] = [];
    for (const target of this.#stage.targets) {
      const counted = this.#counts.get(target.name) ?? { calls: 0, wrong: 0, firstWrong: null };
      counts.push({ target: target.name, ...counted, events: await this.settled(target) });
    }
    return counts;
  }
}

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
