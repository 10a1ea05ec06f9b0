/** `llm-audit gateway`: the embedded gateway, until a signal. */
import { parseArgs } from 'node:util';
import type { Config } from '../server/config.ts';
import { type RunningGateway, startGateway } from '../server/gateway.ts';
import type { Command } from './command.ts';
import { tryLine } from './curl.ts';
import { naturalInteger } from './integer.ts';
import { serve } from './serving.ts';
import type { Ready } from './simulated.ts';

const help = `Usage: llm-audit gateway [options]

Runs the gateway: /{provider}/… goes to that provider, unchanged, and every call that can spend money becomes an
event. Without a configuration file: OpenAI and Anthropic at their own addresses, with the caller's own key, and the
simulator at /simulator/ to play with; events go to llm-audit-data/events.ndjson.

Options:
  --config FILE   configuration (default: llm-audit.yaml where there is one)
  --host HOST     address to listen on, instead of the configured one
  --port PORT     port to listen on, instead of the configured one; 0 takes a free one
  --data-dir DIR  data directory, instead of the configured one, with all that the configuration puts inside it
  --json          print where it listens as one line of JSON

SIGHUP: the exporters are read anew from the configuration file and exporters_files, and put in force.
SIGTERM and SIGINT: calls under way end, events leave, then it stops; a second signal ends it at once.
Exit code 2: the configuration is wrong; 1: it could not start.
`;

export const command: Command = {
  summary: 'run the gateway (npm start)',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    return serve({
      name: 'gateway',
      flags: values,
      adjusted: (config) => ({
        ...config,
        listen: {
          host: values.host ?? config.listen.host,
          port: values.port === undefined ? config.listen.port : naturalInteger('port', values.port, 65_535),
        },
      }),
      start: startGateway,
      facts,
      welcome,
      underway: ({ gateway }) => gateway.inFlight(),
    });
  },
};

const facts = ({ origin, auth, admin }: RunningGateway, { config, simulator }: Ready): object => ({
  origin,
  providers: config.providers.map(({ id }) => id),
  auth,
  admin,
  data_dir: config.dataDir,
  exporters: enabled(config).map(({ id, type }) => ({ id, type })),
  simulator: simulator?.origin ?? null,
});

const welcome = ({ origin, auth, admin }: RunningGateway, { config }: Ready): string => {
  const callers =
    auth === 'otoroshi'
      ? 'Callers come through Otoroshi, whose claim says who they are'
      : auth === 'keys'
        ? 'Callers show a key made by `llm-audit keys create`'
        : 'Callers use their own provider keys (`llm-audit keys create` makes keys of this gateway)';
  const destinations = enabled(config).map(({ id, type, config: own }) => {
    const path = own?.['path'];
    return typeof path === 'string' ? path : `${id} (${type})`;
  });
  return [
    `Listening on ${origin} for ${config.providers.map(({ id }) => `/${id}/`).join(' ')}`,
    `${callers}; events go to ${destinations.join(', ') || 'no exporter: they only wait in the spool'}`,
    ...(admin === null ? [] : [`Administration on ${admin}`]),
    `${auth === 'otoroshi' ? 'Refused, as it goes past Otoroshi' : 'Try'}: ${tryLine(origin, config.providers, auth)}`,
    '',
  ].join('\n');
};

const enabled = ({ exporters }: Ready['config']): Config['exporters'] =>
  exporters.filter((one) => one.enabled !== false);
