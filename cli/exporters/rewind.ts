/** `llm-audit exporters rewind`. */
import type { Rewound } from '../../exporters/delivery/messages.ts';
import { administrationHelp } from '../administration.ts';
import { type Command, UsageError } from '../command.ts';
import { timeOf } from '../time.ts';
import { askForOne } from './one.ts';

export const command: Command = {
  summary: 'send again what was accepted from a time on',
  help: `Usage: llm-audit exporters rewind ID --to TIME [options]

Offers everything to the exporter once more that was accepted from TIME on and is still in the spool: by the filter and the
projection of now, under the same ids. spool.keep says for how long delivered events are kept.

Options:
  --to TIME        2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 90m, 2h, 1d
${administrationHelp}
Example:
  llm-audit exporters rewind data_exporter_warehouse --to 2h
`,
  run: async (args) => {
    const { at, rest } = timeIn(args);
    return askForOne<Rewound>(
      'rewind',
      rest,
      ({ ask }, path) => ask('POST', `${path}/rewind`, { to: at }),
      (id, { records }) =>
        records === 0
          ? `Nothing from that time on is still in the spool for "${id}".`
          : `Exporter "${id}" gets ${records} ${records === 1 ? 'event' : 'events'} once more.`,
    );
  },
};

/** Takes `--to` out of the arguments. */
const timeIn = (args: readonly string[]): { at: number; rest: string[] } => {
  const index = args.findIndex((arg) => arg === '--to' || arg.startsWith('--to='));
  const text = args[index]?.startsWith('--to=') ? args[index].slice('--to='.length) : args[index + 1];
  if (index === -1 || text === undefined) throw new UsageError('--to TIME is missing');
  const rest = args.toSpliced(index, args[index] === '--to' ? 2 : 1);
  return { at: timeOf(text, Date.now()), rest };
};
