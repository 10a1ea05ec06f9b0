/** `llm-audit dead-letters purge`. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit, UsageError } from '../command.ts';
import { queryOf, whichHelp, whichOptions } from './letters.ts';

export const command: Command = {
  summary: 'delete them for good',
  help: `Usage: llm-audit dead-letters purge [ID...] [options]

Deletes dead letters for good: those named, those of an exporter, those older than a time, or all. Asks before it does, on a
terminal; elsewhere it needs --yes.

Options:
${whichHelp}  --all            every one of them
  --yes            do not ask
${administrationHelp}`,
  run: async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...administrationOptions,
        ...whichOptions,
        all: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
      },
    });
    const query = queryOf({ ...values, ids: positionals });
    if ((query.size === 0) !== values.all) throw new UsageError('say which: ID..., --exporter, --before; or --all');
    if (values.all) query.set('all', 'true');
    if (!values.yes && !(await confirmed())) return exit.badInput;
    return withAdministration('dead-letters purge', values, async ({ ask }) => {
      const { purged } = await ask<{ purged: number }>('DELETE', `/api/dead-letters?${query}`);
      if (values.json) print({ purged });
      else process.stdout.write(`${purged} ${purged === 1 ? 'dead letter is' : 'dead letters are'} deleted.\n`);
      return exit.ok;
    });
  },
};

const confirmed = async (): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new UsageError('this deletes events for good: --yes says that it is meant');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('This deletes events for good. Go on? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
};
