/** Makes many calls and looks at the gateway's memory between them. */
import type { Progress } from '../../../cli/progress.ts';
import type { Memory } from '../peers/gateway.ts';
import { openStage, type TargetName } from '../stage.ts';
import type { Traffic } from '../wire/traffic.ts';

/** The run's calls: each line is made in so many equal steps. */
export interface MemoryPlan {
  readonly target: TargetName;
  readonly lines: readonly { readonly traffic: Traffic; readonly calls: number; readonly steps: number }[];
}

export interface Look extends Memory {
  readonly traffic: Traffic;
  /** Calls of this traffic so far. */
  readonly calls: number;
}

export interface MemoryRun {
  readonly looks: readonly Look[];
  readonly calls: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Events on disk. */
  readonly events: number;
}

const connections = 32;

export const measureMemory = async (plan: MemoryPlan, progress: Progress): Promise<MemoryRun> => {
  const stage = await openStage([plan.target]);
  try {
    const { place, gateway } = stage.targets[0] ?? {};
    if (!place || !gateway) throw new Error(`${plan.target} is no gateway`);
    const looks: Look[] = [];
    let [calls, wrong, events] = [0, 0, 0];
    let firstWrong: string | null = null;
    await stage.load.call('connect', place, connections);
    for (const { traffic, calls: wanted, steps } of plan.lines) {
      for (let step = 1; step <= steps; step++) {
        const measured = await stage.load.call('closedLoop', place, traffic, { calls: Math.round(wanted / steps) });
        calls += measured.verified + measured.wrong;
        wrong += measured.wrong;
        firstWrong ??= measured.firstWrong;
        events = await gateway.call('settled', calls);
        looks.push({ traffic, calls: step * Math.round(wanted / steps), ...(await gateway.call('memory')) });
        progress.step();
      }
    }
    return { looks, calls, wrong, firstWrong, events };
  } finally {
    await stage.close();
  }
};
