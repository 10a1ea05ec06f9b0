/** `llm-audit ext-proc`: the external processor for Envoy, until a signal. */
import { parseArgs } from 'node:util';
import type { Config } from '../server/config.ts';
import { type RunningExtProc, startExternalProcessor } from '../server/ext-proc.ts';
import type { Command } from './command.ts';
import { naturalInteger } from './integer.ts';
import { serve } from './serving.ts';
import type { Ready } from './simulated.ts';

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
    return serve({
      name: 'ext-proc',
      flags: values,
      adjusted: (config) => {
        const listen: Config['envoy']['listen'] = {
          ...config.envoy.listen,
          ...(values.port !== undefined && { port: naturalInteger('port', values.port, 65_535), socket: null }),
          ...(values.socket !== undefined && { socket: values.socket }),
        };
        return { ...config, envoy: { ...config.envoy, listen } };
      },
      start: startExternalProcessor,
      facts,
      welcome,
      underway: ({ processor }) => processor.underway(),
    });
  },
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
