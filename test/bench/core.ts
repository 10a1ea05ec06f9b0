/** Watches the core that the gateways are held on. */
import { cpus } from 'node:os';
import { now } from './clock.ts';
import { canPin } from './process.ts';
import { gatewayCore } from './stage.ts';

/** Shares of the core's time since the watch began. */
export interface CoreUse {
  readonly gateway: number;
  /** Of processes that are none of ours: they slow the gateway down. Null where it is not held on one core. */
  readonly others: number | null;
}

const busy = (): number => {
  const times = cpus()[gatewayCore]?.times;
  return times ? times.user + times.nice + times.sys + times.irq : 0;
};

/** @returns what to call at the end with the gateway's own CPU time in between, microseconds. */
export const watchCore = (): ((spent: number) => CoreUse) => {
  const [startedAt, before] = [now(), busy()];
  return (spent) => {
    const elapsed = now() - startedAt;
    const gateway = spent / 1000 / elapsed;
    return { gateway, others: canPin ? Math.max(0, (busy() - before) / elapsed - gateway) : null };
  };
};
