/** `llm-audit dead-letters`: finds its subcommand, nothing else. */
import { type Command, subcommand } from './command.ts';

const commands: Record<string, () => Promise<{ command: Command }>> = {
  list: () => import('./dead-letters/list.ts'),
  show: () => import('./dead-letters/show.ts'),
  replay: () => import('./dead-letters/replay.ts'),
  export: () => import('./dead-letters/export.ts'),
  purge: () => import('./dead-letters/purge.ts'),
};

const help = `Usage: llm-audit dead-letters list [options]
       llm-audit dead-letters show ID [options]
       llm-audit dead-letters replay [ID...] [options]
       llm-audit dead-letters export [options]
       llm-audit dead-letters purge [ID...] [options]

Events that could not be delivered, with the reason. Asks the gateway that runs on the data directory; when none does, the
data directory itself.

  list     when, for which exporter, which event, why
  show     all of one event
  replay   offers them to their exporters once more; those that are taken are dead letters no more
  export   writes them as NDJSON
  purge    deletes them for good

llm-audit dead-letters NAME --help tells more of each.
`;

export const command: Command = {
  summary: 'look at, replay, export and purge what could not be delivered',
  help,
  helpOf: async ([word]) => (word?.startsWith('-') ? help : (await subcommand(commands, word)).help),
  run: async ([word, ...args]) => (await subcommand(commands, word)).run(args),
};
