/** What the commands that run until a signal have in common: read, start, say where, end in order. */
import { type Config, describeProblem, findConfigFile, type Loaded, loadConfig } from '../server/config.ts';
import type { Installed } from '../server/installation.ts';
import { openLog } from '../server/log.ts';
import { exit } from './command.ts';
import { movedTo } from './moved.ts';
import { type Ready, readyConfig } from './simulated.ts';
import { stopSignal } from './stop-signal.ts';

interface Running extends Installed {
  stop(): Promise<void>;
}

export interface Serving<Host extends Running> {
  /** Of the command, for its errors. */
  readonly name: string;
  readonly flags: {
    readonly config?: string | undefined;
    readonly 'data-dir'?: string | undefined;
    readonly json: boolean;
  };
  /** The configuration with what the command line says of it. Throws a UsageError. */
  adjusted(config: Config): Config;
  start(config: Ready['config'], log: ReturnType<typeof openLog>, reread: () => Loaded): Promise<Host>;
  /** For `--json`, and for people. */
  facts(host: Host, ready: Ready): object;
  welcome(host: Host, ready: Ready): string;
  /** Calls under way. */
  underway(host: Host): number;
}

/** Resolves to the exit code, once a signal has ended it or it could not start. */
export const serve = async <Host extends Running>(serving: Serving<Host>): Promise<number> => {
  const { flags } = serving;
  const file = findConfigFile(flags.config);
  const read = (): Loaded => {
    const loaded = loadConfig(file, process.env);
    if ('problems' in loaded || flags['data-dir'] === undefined) return loaded;
    return { ...loaded, config: movedTo(flags['data-dir'], loaded.config) };
  };
  const loaded = read();
  if ('problems' in loaded) {
    process.stderr.write(loaded.problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
    return exit.badInput;
  }
  for (const notice of loaded.notices) process.stderr.write(`warning: ${notice}\n`);
  const ready = await readyConfig(serving.adjusted(loaded.config));
  const stopped = stopSignal();
  // Heard from the beginning: the signal's own way is to end a process that does not listen for it.
  let heard: Host | null = null;
  process.on('SIGHUP', () => void heard?.reloadExporters());
  const host = await started(serving, ready, read);
  if (host === null) return exit.failed;
  heard = host;
  process.stdout.write(flags.json ? `${JSON.stringify(serving.facts(host, ready))}\n` : serving.welcome(host, ready));
  await stopped;
  const calls = serving.underway(host);
  process.stderr.write(
    `Stopping: ${calls} ${calls === 1 ? 'call' : 'calls'} under way. A second signal ends it at once.\n`,
  );
  await host.stop();
  await ready.simulator?.close();
  return host.delivery.lost > 0 ? exit.failed : exit.ok;
};

const started = async <Host extends Running>(
  { name, start }: Serving<Host>,
  { config, simulator }: Ready,
  reread: () => Loaded,
): Promise<Host | null> => {
  try {
    return await start(config, openLog(config.log.level), reread);
  } catch (error) {
    await simulator?.close();
    process.stderr.write(`llm-audit ${name}: ${error instanceof Error ? error.message : error}\n`);
    return null;
  }
};
