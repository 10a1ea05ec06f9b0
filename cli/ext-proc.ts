/** `llm-audit ext-proc`: the external processor for Envoy, until a signal. */
import { parseArgs } from 'node:util';
import { type Config, describeProblem, findConfigFile, type Loaded, loadConfig } from '../server/config.ts';
import { type RunningExtProc, startExternalProcessor } from '../server/ext-proc.ts';
import { openLog } from '../server/log.ts';
import { type Command, exit } from './command.ts';
import { naturalInteger } from './integer.ts';
import { movedTo } from './moved.ts';
import { type Ready, readyConfig } from './simulated.ts';
import { stopSignal } from './stop-signal.ts';

const help = `Usage: llm-audit ext-proc [options]

Runs the external processor for Envoy (ext_proc over gRPC): Envoy forwards the calls, this decides them, watches their
answers, and makes the events. examples/envoy/envoy.yaml is a configuration of Envoy for it; docs/envoy.md explains it.

Options:
  --config FILE   configuration (default: llm-audit.yaml where there is one); its section \`envoy\` is read here
  --port PORT     port to listen on, instead of the configured one; 0 takes a free one
  --socket PATH   Unix socket to listen on, instead of a port
  --data-dir DIR  data directory, instead of the configured one, with all that the configuration puts inside it
  --json          print where it listens as one line of JSON

SIGHUP: the exporters are read anew from the configuration file and exporters_files, and put in force.
SIGTERM and SIGINT: health says NOT_SERVING, calls under way end, events leave, then it stops; a second signal ends it
at once. Exit code 2: the configuration is wrong; 1: it could not start.
`;

export const command: Command = {
  summary: 'run the external processor for Envoy',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        port: { type: 'string' },
        socket: { type: 'string' },
        'data-dir': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const file = findConfigFile(values.config);
    const read = (): Loaded => {
      const loaded = loadConfig(file, process.env);
      if ('problems' in loaded || values['data-dir'] === undefined) return loaded;
      return { ...loaded, config: movedTo(values['data-dir'], loaded.config) };
    };
    const loaded = read();
    if ('problems' in loaded) {
      process.stderr.write(loaded.problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
      return exit.badInput;
    }
    for (const notice of loaded.notices) process.stderr.write(`warning: ${notice}\n`);
    const { envoy } = loaded.config;
    const listen: Config['envoy']['listen'] = {
      ...envoy.listen,
      ...(values.port !== undefined && { port: naturalInteger('port', values.port, 65_535), socket: null }),
      ...(values.socket !== undefined && { socket: values.socket }),
    };
    const ready = await readyConfig({ ...loaded.config, envoy: { ...envoy, listen } });
    const stopped = stopSignal();
    // Heard from the beginning: the signal's own way is to end a process that does not listen for it.
    let heard: RunningExtProc | null = null;
    process.on('SIGHUP', () => void heard?.reloadExporters());
    const running = await started(ready, read);
    if (running === null) return exit.failed;
    heard = running;
    process.stdout.write(values.json ? `${JSON.stringify(facts(running, ready))}\n` : welcome(running, ready));
    await stopped;
    const calls = running.processor.underway();
    process.stderr.write(
      `Stopping: ${calls} ${calls === 1 ? 'call' : 'calls'} under way. A second signal ends it at once.\n`,
    );
    await running.stop();
    await ready.simulator?.close();
    return running.delivery.lost > 0 ? exit.failed : exit.ok;
  },
};

const started = async ({ config, simulator }: Ready, reread: () => Loaded): Promise<RunningExtProc | null> => {
  try {
    return await startExternalProcessor(config, openLog(config.log.level), reread);
  } catch (error) {
    await simulator?.close();
    process.stderr.write(`llm-audit ext-proc: ${error instanceof Error ? error.message : error}\n`);
    return null;
  }
};

const facts = ({ address, auth, admin }: RunningExtProc, { config, simulator }: Ready): object => ({
  address,
  providers: config.providers.map(({ id }) => id),
  auth,
  admin,
  data_dir: config.dataDir,
  simulator: simulator?.origin ?? null,
});

const welcome = ({ address, auth, admin }: RunningExtProc, { config }: Ready): string => {
  const { identity } = config.envoy;
  const keys = auth === 'keys' ? 'keys made by `llm-audit keys create`' : 'the own provider keys of callers';
  return [
    `Envoy's external processor listens on ${address} for ${config.providers.map(({ id }) => id).join(', ')}`,
    `Callers are known by ${identity === null ? keys : `${identity.from}, ${identity.clientId}`}`,
    ...(admin === null ? [] : [`Administration on ${admin}`]),
    '',
  ].join('\n');
};
