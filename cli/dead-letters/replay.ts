/** `llm-audit dead-letters replay`. */
import { parseArgs } from 'node:util';
import type { Replayed } from '../../exporters/delivery/replay.ts';
import {
  type Administration,
  administrationHelp,
  administrationOptions,
  print,
  withAdministration,
} from '../administration.ts';
import { type Command, exit } from '../command.ts';
import { type Progress, startProgress } from '../progress.ts';
import { timeOf } from '../time.ts';
import { lettersOf, whichHelp, whichOptions } from './letters.ts';

export const command: Command = {
  summary: 'offer them to their exporters once more',
  help: `Usage: llm-audit dead-letters replay [ID...] [options]

Offers dead letters to their exporters once more, all of them or those named, under the same ids and by the filter and the
projection of now. Those that are delivered are dead letters no more; those refused again are so with a new reason; those of
an exporter that is not running stay. Needs a running gateway. Exit code 1: some were not delivered.

Options:
${whichHelp}${administrationHelp}`,
  run: async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...administrationOptions, ...whichOptions },
    });
    return withAdministration('dead-letters replay', values, async (administration) => {
      const before = values.before === undefined ? Date.now() : timeOf(values.before, Date.now());
      const ids = positionals.length > 0 ? positionals : await idsOf(administration, values);
      const quiet = values.json || ids.length === 0;
      const progress = startProgress(
        'Replaying dead letters',
        ids.length,
        quiet ? { write: () => {} } : process.stderr,
      );
      const replayed = await inParts(administration, ids, { exporter: values.exporter, before }, progress);
      progress.end();
      if (values.json) print(replayed);
      else process.stdout.write(told(replayed));
      return replayed.failed + replayed.skipped > 0 ? exit.failed : exit.ok;
    });
  },
};

/** Offered with one question. */
const part = 1_000;

const idsOf = async (
  administration: Administration,
  which: { exporter?: string | undefined; before?: string | undefined },
): Promise<string[]> => {
  const ids = new Set<string>();
  for await (const { id } of lettersOf(administration, which)) ids.add(id);
  return [...ids];
};

/** `before` keeps those away that are put aside meanwhile. */
const inParts = async (
  { ask }: Administration,
  ids: readonly string[],
  which: { exporter: string | undefined; before: number },
  progress: Progress,
): Promise<Replayed> => {
  const sum = { replayed: 0, delivered: 0, failed: 0, skipped: 0 };
  for (let from = 0; from < ids.length; from += part) {
    const some = ids.slice(from, from + part);
    const one = await ask<Replayed>('POST', '/api/dead-letters/replay', { ...which, ids: some });
    for (const key of Object.keys(sum) as (keyof Replayed)[]) sum[key] += one[key];
    for (const _ of some) progress.step();
  }
  return sum;
};

const told = ({ replayed, delivered, failed, skipped }: Replayed): string => {
  if (replayed + skipped === 0) return 'There is no such dead letter.\n';
  const filtered = replayed - delivered - failed;
  return `${[
    `${delivered} delivered`,
    ...(filtered > 0 ? [`${filtered} that the filter no longer wants`] : []),
    ...(failed > 0 ? [`${failed} refused again`] : []),
    ...(skipped > 0 ? [`${skipped} stay: of no exporter, or of one that is not running`] : []),
  ].join(', ')}.\n`;
};
