/** `llm-audit check`: says what is configured, or all that is wrong with it. */
import { parseArgs } from 'node:util';
import { exporterWarnings } from '../exporters/config.ts';
import type { Vendor } from '../plugins/dialects/vendors.ts';
import type { WrittenBudget } from '../schemas/generated/config-types.ts';
import { limitName } from '../server/budgets/limits.ts';
import { readBudget } from '../server/budgets/written.ts';
import { type Config, describeProblem, findConfigFile, loadConfig, type Problem } from '../server/config.ts';
import { listKeys } from '../server/keys/key-file.ts';
import { openPrices } from '../server/prices.ts';
import { type Command, exit, UsageError } from './command.ts';

const help = `Usage: llm-audit check [FILE] [--json]

Checks a configuration file (default: llm-audit.yaml; without one, the safe default), the price files and the key
file that it names. Prints what is configured, and every error at once as FILE:LINE:COLUMN KEY: what is wrong.
Values are never printed, as they may be secret. Exit code 0: sound, 2: errors.

Options:
  --json   print the result as JSON

Example:
  llm-audit check examples/llm-audit.yaml
`;

export const command: Command = {
  summary: 'check a configuration file',
  help,

  run: async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    if (positionals.length > 1) throw new UsageError('one FILE at a time');
    const file = findConfigFile(positionals[0]);
    const loaded = loadConfig(file, process.env);
    const problems = 'problems' in loaded ? loaded.problems : await surroundingProblems(loaded.config, file);
    const warnings =
      'config' in loaded && problems.length === 0 ? [...loaded.notices, ...(await warningsOf(loaded.config))] : [];
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ file, ok: problems.length === 0, problems, warnings }, null, 2)}\n`);
    } else if ('config' in loaded && problems.length === 0) {
      process.stdout.write(`${summaryOf(loaded.config, file).join('\n')}\n`);
      for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    } else {
      process.stderr.write(problems.map((problem) => `${describeProblem(problem)}\n`).join(''));
      process.stderr.write(`${problems.length === 1 ? '1 error' : `${problems.length} errors`}\n`);
    }
    return problems.length === 0 ? exit.ok : exit.badInput;
  },
};

/** What is wrong with the files that the configuration names. */
const surroundingProblems = async (config: Config, file: string | null): Promise<Problem[]> => {
  const problem = (key: string, error: unknown): Problem[] => [
    { file, line: null, column: null, key, message: error instanceof Error ? error.message : String(error) },
  ];
  const prices = await openPrices(config.pricing).then(
    () => [],
    (error: unknown) => problem('pricing', error),
  );
  try {
    listKeys(config.keysFile);
    return prices;
  } catch (error) {
    return [...prices, ...problem('keys_file', error)];
  }
};

const warningsOf = async (config: Config): Promise<string[]> => {
  const ids = new Set(listKeys(config.keysFile).map(({ client_id }) => client_id));
  const byKeys = config.auth === 'keys' || (config.auth === null && config.otoroshi === null && ids.size > 0);
  return [
    ...config.providers.flatMap(({ id, vendor, credential, headers, baseUrl }) => [
      ...(vendor.verified ? [] : [`provider ${id}: ${unverified(vendor)}`]),
      ...(byKeys && baseUrl !== null && credential === null && Object.keys(headers).length === 0
        ? [`provider ${id}: has no credential, so its calls go out without one`]
        : []),
    ]),
    ...config.budgets.flatMap((written) => [
      ...readBudget(written).warnings.map((warning) => `budget ${written.id}: ${warning}`),
      ...plainKeys(written)
        .filter((key) => config.otoroshi === null && !ids.has(key))
        .map((key) => `budget ${written.id}: there is no key "${key}" in ${config.keysFile}`),
    ]),
    ...(config.auth === 'keys' && ids.size === 0
      ? [
          'auth is "keys" and there is none: every call will be refused; make one with: llm-audit keys create --name NAME',
        ]
      : []),
    ...(await exporterWarnings(config.exporters)).map(({ place, message }) => `${place} ${message}`),
    ...(config.exporters.some(({ enabled }) => enabled !== false) ? [] : ['no exporter is enabled: events go nowhere']),
  ];
};

/** Those that are no pattern. */
const plainKeys = (written: WrittenBudget): string[] => {
  const { include } = readBudget(written).budget.scope;
  return (include?.apikeys ?? []).filter((key) => typeof key === 'string');
};

const budgetLine = (written: WrittenBudget): string => {
  const { id, enabled, mode, window, limits } = readBudget(written).budget;
  const stated = limits.filter(({ amount }) => amount !== null).map(limitName);
  const shown =
    stated.length > 0 ? stated.map((name) => `${name} ${written.limits[name as LimitName]}`).join(', ') : 'no limit';
  return `${id}  ${shown}${window === null ? '' : ` per ${window}`}${mode === 'soft' ? '  (soft)' : ''}${enabled ? '' : '  (disabled)'}`;
};

/** Without the address: it may hold a password. */
const storeLine = ({ store }: Config): string =>
  store.kind === 'redis' ? `redis  ${new URL(store.url ?? '').host}  ${store.onDown}` : store.kind;

type LimitName = keyof WrittenBudget['limits'];

const unverified = ({ kind, documented }: Vendor): string =>
  `no real answer of kind ${kind} has been recorded yet, its figures are not verified; ` +
  (documented
    ? `its formats are known from ${documented.page} (read ${documented.seen})`
    : 'nor was its documentation read: it is taken to keep to the formats of its paths');

const summaryOf = (config: Config, file: string | null): string[] => {
  const keys = listKeys(config.keysFile).length;
  const counted = `${keys} in ${config.keysFile}`;
  const callers = config.otoroshi ? 'otoroshi' : (config.auth ?? (keys > 0 ? 'keys' : 'passthrough'));
  const rows: [string, string][] = [
    ['listens on', `${config.listen.host}:${config.listen.port}`],
    ['data', config.dataDir],
    [
      'callers',
      callers === 'otoroshi'
        ? `Otoroshi (claim ${config.otoroshi?.claim.algorithm})`
        : callers === 'keys'
          ? `keys (${counted})`
          : 'passthrough: with their own provider keys',
    ],
    ...config.providers.map(({ id, vendor, baseUrl }): [string, string] => [
      'provider',
      `/${id}/  ${vendor.kind}  ${baseUrl ?? 'started with the gateway'}`,
    ]),
    ...config.budgets.map((written): [string, string] => ['budget', budgetLine(written)]),
    ...(config.budgets.length > 0 ? [['store', storeLine(config)] as [string, string]] : []),
    ...config.exporters.map(({ id, type, enabled }): [string, string] => [
      'exporter',
      `${id}  ${type}${enabled === false ? '  (disabled)' : ''}`,
    ]),
    ['capture', config.capture.mode],
  ];
  return [
    file === null ? 'No llm-audit.yaml here: the safe default.' : `${file} is sound.`,
    ...rows.map(([name, text]) => `  ${name.padEnd(11)} ${text}`),
  ];
};
