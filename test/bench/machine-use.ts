/** Watches what of the machine a block uses, and what programs outside of the benchmark take meanwhile. */
import { cpus } from 'node:os';
import { now } from './clock.ts';
import type { Stage, Target } from './stage.ts';

export interface MachineUse {
  /** CPU time of the gateway's process, microseconds: all threads, and the one that serves HTTP. Null for `direct`. */
  readonly gateway: { readonly all: number; readonly main: number } | null;
  /** Share of one core that the gateway's process was busy for. */
  readonly busy: number | null;
  /** Share of all cores' time that went to programs outside. */
  readonly others: number;
}

/** Milliseconds that all cores together were busy since the machine started. */
const busyTime = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);

/** @returns what to call at the end. */
export const watchMachine = async (
  { load, upstream }: Stage,
  { gateway }: Target,
): Promise<() => Promise<MachineUse>> => {
  const look = async () => {
    const [client, provider, own] = await Promise.all([load.call('cpu'), upstream.call('cpu'), gateway?.call('cpu')]);
    const self = process.cpuUsage();
    const ours = client.all + provider.all + (own?.all ?? 0) + self.user + self.system;
    return { at: now(), busy: busyTime(), ours, own };
  };
  const before = await look();
  return async () => {
    const after = await look();
    const elapsed = after.at - before.at;
    const ours = (after.ours - before.ours) / 1000;
    const spent =
      before.own && after.own ? { all: after.own.all - before.own.all, main: after.own.main - before.own.main } : null;
    return {
      gateway: spent,
      busy: spent && spent.all / 1000 / elapsed,
      others: Math.max(0, (after.busy - before.busy - ours) / (elapsed * cpus().length)),
    };
  };
};
