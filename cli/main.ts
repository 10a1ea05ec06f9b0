#!/usr/bin/env node
/** The command `llm-audit`: finds the subcommand, nothing else. */
import { type Command, exit, UsageError } from './command.ts';

// Loaded only when called: `keys create` should not pay for the gateway.
const commands: Record<string, () => Promise<{ command: Command }>> = {
  gateway: () => import('./gateway.ts'),
  'ext-proc': () => import('./ext-proc.ts'),
  simulator: () => import('./simulator.ts'),
  demo: () => import('./demo.ts'),
  check: () => import('./check.ts'),
  keys: () => import('./keys.ts'),
  budgets: () => import('./budgets.ts'),
  exporters: () => import('./exporters.ts'),
  otoroshi: () => import('./otoroshi.ts'),
  'dead-letters': () => import('./dead-letters.ts'),
  meter: () => import('./meter.ts'),
  cost: () => import('./cost.ts'),
  impacts: () => import('./impacts.ts'),
};

const overview = async (): Promise<string> => {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(12)} ${(await load()).command.summary}`),
  );
  return `Usage: llm-audit COMMAND [options]\n\n${rows.join('\n')}\n\nllm-audit COMMAND --help tells more of each.\n`;
};

const main = async ([name, ...args]: string[]): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await overview());
    return name === undefined ? exit.badInput : exit.ok;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    process.stderr.write(`llm-audit: there is no command "${name}"; one of ${Object.keys(commands).join(', ')}\n`);
    return exit.badInput;
  }
  const { command } = await load();
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.helpOf ? await command.helpOf(args) : command.help);
    return exit.ok;
  }
  try {
    return await command.run(args);
  } catch (error) {
    const wrongFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!(error instanceof UsageError) && !wrongFlag) throw error;
    process.stderr.write(`llm-audit ${name}: ${error.message}\nllm-audit ${name} --help shows what it takes.\n`);
    return exit.badInput;
  }
};

process.exitCode = await main(process.argv.slice(2));
