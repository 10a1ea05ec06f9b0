/** `llm-audit otoroshi`: finds its subcommand, nothing else. */
import { type Command, subcommand } from './command.ts';

const commands: Record<string, () => Promise<{ command: Command }>> = {
  entities: () => import('./otoroshi/entities.ts'),
};

const help = `Usage: llm-audit otoroshi entities --url URL --route ID [options]

  entities   what Otoroshi needs to work with this gateway: prints it, or creates it with --apply

llm-audit otoroshi entities --help tells more.
`;

export const command: Command = {
  summary: 'set up Otoroshi to work with this gateway',
  help,
  helpOf: async ([word]) => (word?.startsWith('-') ? help : (await subcommand(commands, word)).help),
  run: async ([word, ...args]) => (await subcommand(commands, word)).run(args),
};
