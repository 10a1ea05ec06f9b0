/** `npm run bench -- streams`: a thousand slow streams at once. */
import { startProgress } from '../../cli/progress.ts';
import { integer, percent, renderTable } from '../../cli/table.ts';
import type { Bench } from './bench.ts';
import { mebibytes, middle, spreadOf } from './report/figures.ts';
import { rowsOf, type StreamsRow, streamFaults } from './streams/goals.ts';
import { measureStreams, type StreamsPlan, variants } from './streams/measure.ts';

const full: StreamsPlan = { streams: 1000, chunks: 500, everyMs: 50, rounds: 3 };
const quick: StreamsPlan = { ...full, chunks: 200, rounds: 1 };

const printed = (rows: readonly StreamsRow[], plan: StreamsPlan): string => `${renderTable<StreamsRow>(
  [
    { title: 'target', left: true, cell: ({ variant }) => variant },
    { title: 'chunk delay p50 ms', cell: ({ p50 }) => middle(p50, 2) },
    { title: '− bare', cell: ({ p50Added }) => spreadOf(p50Added, 2) },
    { title: 'p99 ms', cell: ({ p99 }) => middle(p99, 2) },
    { title: '− bare', cell: ({ p99Added }) => spreadOf(p99Added, 2) },
    { title: 'longest pause ms', cell: ({ longestPause }) => spreadOf(longestPause, 1) },
    { title: 'CPU µs/chunk', cell: ({ cpuPerChunk }) => middle(cpuPerChunk, 1) },
    { title: 'RSS MiB', cell: ({ rss }) => (rss === null ? '–' : mebibytes(rss)) },
    { title: 'others', cell: ({ others }) => (others ? percent(others.median) : '–') },
    { title: 'upstream chunks', cell: ({ chunks }) => integer(chunks) },
    { title: 'writes', cell: ({ writes }) => (writes === null ? '–' : integer(writes)) },
  ],
  rows,
)}

${integer(plan.streams)} streams of ${plan.chunks} chunks, one per ${plan.everyMs} ms each, ${plan.rounds} rounds. Delay: from the upstream's
write to the client's read. Longest pause: between two chunks of one stream, beyond the upstream's own. Others: what programs outside of the
benchmark took of the machine.
`;

export const bench: Bench = {
  summary: '1,000 streams of 500 chunks at once: delay per chunk, stalls, writes, memory (5 minutes)',
  run: async (options) => {
    const plan = options.quick ? quick : full;
    const progress = startProgress('streams', plan.rounds * variants.length);
    const blocks = await measureStreams(plan, progress).finally(() => progress.end());
    const rows = rowsOf(blocks);
    const faults = streamFaults(blocks, plan);
    const verdict =
      faults.length > 0
        ? `NOT AS PROMISED:\n${faults.map((fault) => `  ${fault}\n`).join('')}`
        : 'All streams complete and in order, one write per chunk, an event on disk for each, memory below 400 MiB.\n';
    return {
      text: `${printed(rows, plan)}${verdict}`,
      sound: faults.length === 0,
      result: { plan, rows, faults, blocks },
    };
  },
};
