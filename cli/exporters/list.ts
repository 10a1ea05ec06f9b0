/** `llm-audit exporters list`. */
import { parseArgs } from 'node:util';
import type { ExporterConfig } from '../../exporters/config.ts';
import { masked } from '../../server/exporters/masked.ts';
import { administrationHelp, administrationOptions, configOf, print } from '../administration.ts';
import { type Command, exit } from '../command.ts';
import { renderTable } from '../table.ts';

export const command: Command = {
  summary: 'what is configured',
  help: `Usage: llm-audit exporters list [options]

The exporters of the configuration file and of exporters_files, whether a gateway runs or not. Of settings that may be
secret only the names are shown; of addresses the hosts.

Options:
${administrationHelp}`,
  run: async (args) => {
    const { values } = parseArgs({ args, options: administrationOptions });
    const exporters = configOf(values).exporters.map((one) => ({ ...one, config: masked(one.config ?? {}) }));
    if (values.json) print(exporters);
    else process.stdout.write(exporters.length === 0 ? 'There is no exporter.\n' : `${table(exporters)}\n`);
    return exit.ok;
  },
};

type Shown = Omit<ExporterConfig, 'config'> & { readonly config: unknown };

const table = (exporters: readonly Shown[]): string =>
  renderTable<Shown>(
    [
      { title: 'Exporter', cell: ({ id }) => id, left: true },
      { title: 'Type', cell: ({ type }) => type, left: true },
      { title: 'Enabled', cell: ({ enabled }) => (enabled === false ? 'no' : 'yes'), left: true },
      { title: 'Name', cell: ({ name }) => name ?? '', left: true },
      { title: 'Where to', cell: ({ config }) => whereTo(config), left: true },
    ],
    exporters,
  );

/** The settings that say it, as far as they are shown. */
const whereTo = (config: unknown): string =>
  ['url', 'uri', 'uris', 'servers', 'endpoint', 'host', 'index', 'topic', 'table', 'path']
    .flatMap((name) => (config as Record<string, unknown>)[name] ?? [])
    .filter((text) => typeof text === 'string' && text !== '***')
    .join(' ');
