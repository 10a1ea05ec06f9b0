/** `llm-audit exporters`: finds the subcommand, nothing else. */
import { type Command, exit, UsageError } from './command.ts';

const commands: Record<string, () => Promise<{ command: Command }>> = {
  try: () => import('./exporters/try.ts'),
};

const help = `Usage: llm-audit exporters COMMAND [options]

Commands:
  try   show what an exporter's filter and projection make of events

llm-audit exporters COMMAND --help tells more of each.
`;

export const command: Command = {
  summary: 'try what exporters let through and send',
  help,

  run: async ([name, ...args]) => {
    const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!load) throw new UsageError(`which of ${Object.keys(commands).join(', ')}?`);
    const { command: subcommand } = await load();
    if (args.includes('--help') || args.includes('-h')) {
      process.stdout.write(subcommand.help);
      return exit.ok;
    }
    return subcommand.run(args);
  },
};
