/** `llm-audit exporters`: finds its subcommand, nothing else. */
import { type Command, subcommand } from './command.ts';

const commands: Record<string, () => Promise<{ command: Command }>> = {
  status: () => import('./exporters/status.ts'),
  list: () => import('./exporters/list.ts'),
  check: () => import('./exporters/check.ts'),
  pause: () => import('./exporters/pause.ts'),
  resume: () => import('./exporters/resume.ts'),
  rewind: () => import('./exporters/rewind.ts'),
  audit: () => import('./exporters/audit.ts'),
  reload: () => import('./exporters/reload.ts'),
  import: () => import('./exporters/import.ts'),
  try: () => import('./exporters/try.ts'),
};

const help = `Usage: llm-audit exporters status [options]
       llm-audit exporters list [options]
       llm-audit exporters check [ID] [options]
       llm-audit exporters pause|resume ID [options]
       llm-audit exporters rewind ID --to TIME [options]
       llm-audit exporters audit [options]
       llm-audit exporters reload [options]
       llm-audit exporters import FILE [options]
       llm-audit exporters try --config FILE --events FILE [options]

Asks the gateway that runs on the data directory; when none does, the data directory itself, and sends nothing.

  status   where each exporter stands: what it accepted and what became of it, how far behind it is, and why
  list     what is configured, and where from
  check    whether destinations can be reached, with these credentials; sends no event
  pause    sends nothing more to a destination, also over restarts; its events wait in the spool
  resume   goes on
  rewind   sends again what was accepted from a time on, as far as the spool still has it
  audit    recounts what became of every event from the files on the disk, and compares
  reload   puts in force what the configuration says now of its exporters
  import   takes the data exporters out of an export of Otoroshi
  try      shows what an exporter's filter and projection make of events

llm-audit exporters NAME --help tells more of each.
`;

export const command: Command = {
  summary: 'look at, check, steer and import exporters',
  help,
  helpOf: async ([word]) => (word?.startsWith('-') ? help : (await subcommand(commands, word)).help),
  run: async ([word, ...args]) => (await subcommand(commands, word)).run(args),
};
