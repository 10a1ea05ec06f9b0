/** What a result was measured on. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { canPin } from '../process.ts';

export const machine = () => ({
  at: new Date().toISOString(),
  node: process.version,
  system: `${type()} ${release()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  /** Each process on a core of its own choice where false. */
  pinned: canPin,
  /** Runnable tasks in the last minute, before anything was measured. */
  loadBefore: loadavg()[0] ?? 0,
});

export type Machine = ReturnType<typeof machine>;

export const describeMachine = ({ node, system, cpu, cores, pinned, loadBefore }: Machine): string =>
  `Node ${node}, ${system}, ${cpu}, ${cores} cores, load before ${loadBefore.toFixed(2)}; ${
    pinned
      ? 'client and upstream pinned to core 0, gateway to core 1'
      : 'not pinned (no taskset, or one core): expect more spread'
  }.`;
