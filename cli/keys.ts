/** `llm-audit keys`: makes, lists and revokes consumer keys. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { milliseconds } from '../exporters/units.ts';
import { describeProblem, findConfigFile, loadConfig } from '../server/config.ts';
import { openDataDir } from '../server/data-dir.ts';
import { createKey, KeyFileError, listKeys, revokeKey } from '../server/keys/key-file.ts';
import { type Command, exit, UsageError } from './command.ts';

const help = `Usage: llm-audit keys create --name NAME [options]
       llm-audit keys list [options]
       llm-audit keys revoke ID [options]

Keys are what applications show to the gateway instead of a provider's key. A key is printed once, when it is made;
only its SHA-256 is stored. Changes are seen by a running gateway within a second.

Options of create:
  --name NAME         name for people
  --id ID             public id, apikey.clientId in the events (default: made from the name)
  --metadata KEY=VALUE   label for reports, e.g. team=search; repeatable
  --tag TAG           tag, repeatable
  --tenant TENANT     tenant of the key's events
  --expires DURATION  e.g. 30d, 12h
  --trust-headers     the x-llm-audit-* headers of its applications count for budgets

Options of all:
  --config FILE       configuration that names the key file (default: llm-audit.yaml)
  --data-dir DIR      use DIR/keys.json instead
  --json              print JSON

Example:
  llm-audit keys create --name "Search team" --metadata team=search --expires 90d
`;

const options = {
  name: { type: 'string' },
  id: { type: 'string' },
  metadata: { type: 'string', multiple: true, default: [] as string[] },
  tag: { type: 'string', multiple: true, default: [] as string[] },
  tenant: { type: 'string' },
  expires: { type: 'string' },
  'trust-headers': { type: 'boolean', default: false },
} as const;
const everywhere = {
  config: { type: 'string' },
  'data-dir': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const command: Command = {
  summary: 'make, list and revoke the keys that applications show to the gateway',
  help,

  run: async ([action, ...args]) => {
    const act = action !== undefined && Object.hasOwn(actions, action) ? actions[action as keyof typeof actions] : null;
    if (!act) throw new UsageError(`the first word is one of ${Object.keys(actions).join(', ')}`);
    try {
      return act(args);
    } catch (error) {
      throw error instanceof KeyFileError ? new UsageError(error.message) : error;
    }
  },
};

const create = (args: string[]): number => {
  const { values } = parseArgs({ args, options: { ...options, ...everywhere } });
  if (values.name === undefined) throw new UsageError('--name is missing');
  const now = Date.now();
  const created = createKey(
    keyFile(values),
    {
      name: values.name,
      id: values.id ?? null,
      metadata: labels(values.metadata),
      tags: values.tag,
      tenant: values.tenant ?? null,
      expiresAt: values.expires === undefined ? null : now + lifetime(values.expires),
      trustHeaders: values['trust-headers'],
    },
    now,
  );
  if ('problem' in created) throw new UsageError(created.problem);
  const { key, entry } = created;
  const { sha256: _, ...shown } = entry;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ key, ...shown })}\n`
      : `Key "${entry.client_id}" (${entry.client_name}), shown this once:\n\n  ${key}\n\n` +
          "Applications use it in the place of the provider's key. A gateway that was started without any key still\n" +
          'lets provider keys pass: restart that one.\n',
  );
  return exit.ok;
};

const list = (args: string[]): number => {
  const { values } = parseArgs({ args, options: everywhere });
  const keys = listKeys(keyFile(values)).map(({ sha256: _, ...entry }) => entry);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
    return exit.ok;
  }
  const rows = [
    ['ID', 'NAME', 'STATE', 'CREATED', 'EXPIRES', 'TENANT', 'LABELS'],
    ...keys.map((key) => [
      key.client_id,
      key.client_name,
      stateOf(key, Date.now()),
      key.created_at.slice(0, 10),
      key.expires_at?.slice(0, 10) ?? 'never',
      key.tenant ?? '-',
      [...Object.entries(key.metadata).map(([name, value]) => `${name}=${value}`), ...key.tags].join(' ') || '-',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  process.stdout.write(keys.length === 0 ? 'There is no key yet.\n' : `${rows.map(line).join('\n')}\n`);
  return exit.ok;
};

const revoke = (args: string[]): number => {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: everywhere });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) throw new UsageError('one ID at a time');
  if (!revokeKey(keyFile(values), id))
    throw new UsageError(`there is no key with the id "${id}"; keys list shows them`);
  process.stdout.write(
    values.json ? `${JSON.stringify({ client_id: id, enabled: false })}\n` : `Key "${id}" is revoked.\n`,
  );
  return exit.ok;
};

const actions = { create, list, revoke };

const keyFile = (flags: { config?: string | undefined; 'data-dir'?: string | undefined }): string => {
  const directory = flags['data-dir'];
  if (directory !== undefined) return join(usable(directory), 'keys.json');
  const loaded = loadConfig(findConfigFile(flags.config), process.env);
  if ('problems' in loaded) {
    throw new UsageError(
      `the configuration has errors (--data-dir DIR works without it):\n${loaded.problems.map(describeProblem).join('\n')}`,
    );
  }
  usable(loaded.config.dataDir);
  return loaded.config.keysFile;
};

/** The directory, made where it is missing. */
const usable = (directory: string): string => {
  try {
    return openDataDir(directory).path;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const stateOf = (key: { enabled: boolean; expires_at?: string }, now: number): string => {
  if (!key.enabled) return 'revoked';
  return key.expires_at !== undefined && !(now < Date.parse(key.expires_at)) ? 'expired' : 'enabled';
};

const labels = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--metadata takes KEY=VALUE, not "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );

const lifetime = (text: string): number => {
  const lifetimeMs = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(text) ? milliseconds(text) : 0;
  if (lifetimeMs <= 0 || lifetimeMs > 100 * 365 * 86_400_000) {
    throw new UsageError(`--expires takes a duration as in 12h or 30d, at most 100 years, not "${text}"`);
  }
  return lifetimeMs;
};
