/** `npm run bench -- gateway`: what the audit costs, against the same proxy without it. */
import { startProgress } from '../../cli/progress.ts';
import type { Bench } from './bench.ts';
import { faults, goals } from './gateway/goals.ts';
import { type Cell, measureGateway, type Plan } from './gateway/measure.ts';
import { printed } from './gateway/print.ts';
import { summarise } from './gateway/summary.ts';

const closed = (traffic: Cell['traffic'], ...connections: number[]): Cell[] =>
  connections.map((count) => ({ traffic, loop: 'closed', connections: count }));
const open = (traffic: Cell['traffic']): Cell => ({ traffic, loop: 'open', connections: 64 });

const full: Plan = {
  targets: ['direct', 'bare', 'audited', 'audited+file'],
  cells: [
    ...closed('plain', 1, 32, 128),
    ...closed('stream', 1, 32, 128),
    ...closed('stream-unasked', 32),
    open('plain'),
    open('stream'),
  ],
  rounds: 5,
  spareBlocks: 60,
  blockMs: 1500,
  warmMs: 250,
  firstMs: 6000,
};
const quick: Plan = {
  ...full,
  targets: ['direct', 'bare', 'audited'],
  rounds: 3,
  spareBlocks: 0,
  blockMs: 350,
  warmMs: 100,
  firstMs: 2500,
};

export const bench: Bench = {
  summary: 'direct, bare proxy and audited: throughput, latency, CPU per call (8 minutes)',
  run: async (options) => {
    const plan = options.quick ? quick : full;
    const progress = startProgress('gateway', plan.cells.length * plan.rounds * plan.targets.length);
    const run = await measureGateway(plan, progress).finally(() => progress.end());
    const rows = summarise(run, plan.targets);
    const wanted = goals(rows);
    const found = faults(run);
    return {
      text: printed(rows, wanted, run.counts, found),
      sound: found.length === 0,
      result: { plan, rows, goals: wanted, faults: found, ...run },
    };
  },
};
