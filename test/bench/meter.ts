/** `npm run bench -- meter`: what reading an answer costs, beside what parsing its JSON costs. */
import { startProgress } from '../../cli/progress.ts';
import { integer, renderTable } from '../../cli/table.ts';
import type { Bench } from './bench.ts';
import { answers, type Kind, lengths, type Plan, streams } from './meter/answers.ts';
import { type Figures, measure } from './meter/measure.ts';

/** Of the naive way's time; null: nothing is promised, as a short stream pays for its reader as well. */
const goals: Readonly<Record<Kind, number | null>> = {
  json: 1.5,
  'sse, none': 0.35,
  'sse, redacted': 0.9,
  length: null,
};

const verdictOn = ({ plan, ratio }: Figures): string => {
  const goal = goals[plan.kind];
  return goal === null ? '' : ratio.median <= goal ? 'met' : 'missed';
};

const printed = (rows: readonly Figures[]): string =>
  renderTable<Figures>(
    [
      { title: 'answer', left: true, cell: ({ plan }) => plan.name },
      { title: 'pieces', left: true, cell: ({ plan }) => plan.pieces },
      { title: 'capture', left: true, cell: ({ plan }) => (plan.captures ? 'redacted' : 'none') },
      { title: 'units', cell: ({ plan }) => integer(plan.units) },
      { title: 'µs/unit', cell: ({ meter }) => meter.median.toFixed(2) },
      { title: 'naive', cell: ({ naive }) => naive.median.toFixed(2) },
      {
        title: '× naive',
        cell: ({ ratio }) => `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})`,
      },
      { title: 'goal', cell: ({ plan }) => (goals[plan.kind] === null ? '' : `<= ${goals[plan.kind]}`) },
      { title: '', left: true, cell: verdictOn },
      { title: 'MB/s', cell: ({ perSecond }) => integer(perSecond / 1e6) },
    ],
    rows,
  );

export const bench: Bench = {
  summary: 'reading answers: microseconds per JSON answer and per SSE frame, beside JSON.parse (1 minute)',
  run: async ({ quick }) => {
    const plans: readonly Plan[] = [...answers(), ...streams(), ...lengths()];
    const progress = startProgress('meter', plans.length);
    const rows = plans.map((plan) => {
      const figures = measure(plan, quick ? 7 : 25, quick ? 8 : 20);
      progress.step();
      return figures;
    });
    progress.end();
    const faults = rows.filter(({ sound }) => !sound).map(({ plan }) => `${plan.name}: the figures read are wrong`);
    const verdict =
      faults.length > 0 ? `NOT SOUND:\n${faults.join('\n')}` : 'Every answer gave the figures that are in it.';
    const growth = lengthRatio(rows);
    return {
      text: `${printed(rows)}\n\n10,000 frames at ${growth.toFixed(2)} × the bytes/s of 100 (goal: >= 0.9): ${growth >= 0.9 ? 'met' : 'missed'}\n${verdict}\n`,
      sound: faults.length === 0,
      result: {
        rows: rows.map(({ plan: { name, pieces, kind, units }, ...figures }) => ({
          name,
          pieces,
          kind,
          units,
          ...figures,
        })),
        growth,
      },
    };
  },
};

/** Bytes per second of the longest stream, over those of the shortest. */
const lengthRatio = (rows: readonly Figures[]): number => {
  const speeds = rows.filter(({ plan }) => plan.kind === 'length').map(({ perSecond }) => perSecond);
  return (speeds.at(-1) ?? Number.NaN) / (speeds[0] ?? Number.NaN);
};
