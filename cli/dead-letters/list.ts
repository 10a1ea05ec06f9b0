/** `llm-audit dead-letters list`. */
import { parseArgs } from 'node:util';
import type { Placed } from '../../exporters/spool/dead-letters.ts';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit } from '../command.ts';
import { positiveInteger } from '../integer.ts';
import { renderTable } from '../table.ts';
import { lettersOf, whichHelp, whichOptions } from './letters.ts';

export const command: Command = {
  summary: 'when, for which exporter, which event, why',
  help: `Usage: llm-audit dead-letters list [options]

The oldest dead letters, without the events themselves: show and export have these.

Options:
${whichHelp}  --limit N        at most so many (default: 100)
${administrationHelp}`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: { ...administrationOptions, ...whichOptions, limit: { type: 'string', default: '100' } },
    });
    const limit = positiveInteger('limit', values.limit, 1_000_000);
    return withAdministration('dead-letters list', values, async (administration) => {
      const letters: Omit<Placed, 'body'>[] = [];
      let isMore = false;
      for await (const { body: _, ...letter } of lettersOf(administration, values)) {
        isMore = letters.length === limit;
        if (isMore) break;
        letters.push(letter);
      }
      if (values.json) print(letters);
      else process.stdout.write(letters.length === 0 ? 'There is no dead letter.\n' : `${table(letters)}\n`);
      if (isMore) process.stderr.write(`There are more; --limit shows them.\n`);
      return exit.ok;
    });
  },
};

const table = (letters: readonly Omit<Placed, 'body'>[]): string =>
  renderTable(
    [
      { title: 'Put aside', cell: ({ at }) => at, left: true },
      { title: 'Exporter', cell: ({ exporter }) => exporter ?? '–', left: true },
      { title: 'Event', cell: ({ id }) => id, left: true },
      { title: 'Kind', cell: ({ kind }) => kind, left: true },
      { title: 'Attempts', cell: ({ attempts }) => String(attempts) },
      { title: 'Reason', cell: ({ reason }) => oneLine(reason), left: true },
    ],
    letters,
  );

/** What a destination said must not move the cursor of the terminal. */
const oneLine = (text: string): string => {
  const line = text.replace(/\p{Cc}+/gu, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};
