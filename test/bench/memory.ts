/** `npm run bench -- memory`: does the gateway grow with what it has carried? */
import { startProgress } from '../../cli/progress.ts';
import { integer, renderTable } from '../../cli/table.ts';
import type { Bench } from './bench.ts';
import { type Growth, growth, memoryFaults } from './memory/growth.ts';
import { type MemoryPlan, measureMemory } from './memory/measure.ts';
import { mebibytes } from './report/figures.ts';

const full: MemoryPlan = {
  target: 'audited',
  lines: [
    { traffic: 'plain', calls: 300_000, steps: 60 },
    { traffic: 'stream', calls: 5_000, steps: 20 },
  ],
};
const quick: MemoryPlan = {
  ...full,
  lines: [
    { traffic: 'plain', calls: 20_000, steps: 20 },
    { traffic: 'stream', calls: 1_000, steps: 10 },
  ],
};

const signed = (bytes: number): string => `${bytes < 0 ? '' : '+'}${mebibytes(bytes)}`;

const printed = (rows: readonly Growth[]): string => `${renderTable<Growth>(
  [
    { title: 'traffic', left: true, cell: ({ traffic }) => traffic },
    { title: 'calls', cell: ({ calls }) => integer(calls) },
    { title: 'heap at 20 % MiB', cell: ({ heapFrom }) => mebibytes(heapFrom) },
    { title: 'at 100 %', cell: ({ heapTo }) => mebibytes(heapTo) },
    { title: 'growth', cell: ({ heapFrom, heapTo }) => signed(heapTo - heapFrom) },
    { title: 'RSS at 20 % MiB', cell: ({ rssFrom }) => mebibytes(rssFrom) },
    { title: 'at 100 %', cell: ({ rssTo }) => mebibytes(rssTo) },
    { title: 'growth', cell: ({ rssFrom, rssTo }) => signed(rssTo - rssFrom) },
  ],
  rows,
)}

Heap: of the thread that serves HTTP, after a full collection. RSS: of the process, its delivery thread included.
`;

export const bench: Bench = {
  summary: 'memory of the audited gateway over 300,000 calls and 5,000 streams (2 minutes)',
  run: async (options) => {
    const plan = options.quick ? quick : full;
    const progress = startProgress(
      'memory',
      plan.lines.reduce((sum, { steps }) => sum + steps, 0),
    );
    const run = await measureMemory(plan, progress).finally(() => progress.end());
    const rows = growth(run);
    const faults = memoryFaults(run);
    const verdict =
      faults.length > 0
        ? `NOT SOUND:\n${faults.map((fault) => `  ${fault}\n`).join('')}`
        : `${integer(run.calls)} answers, each byte for byte the upstream's, and as many events on disk.\n`;
    return {
      text: `${printed(rows)}${verdict}`,
      sound: faults.length === 0,
      result: { plan, growth: rows, faults, ...run },
    };
  },
};
