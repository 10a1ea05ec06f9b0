/** How commands ask whoever has the data directory: the gateway that runs on it, or, when none does, they themselves. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DeliveryError } from '../exporters/errors.ts';
import { type Answer, refused } from '../server/admin/answer.ts';
import { askSocket } from '../server/admin/client.ts';
import { findRoute } from '../server/admin/routes.ts';
import { type Config, describeProblem, findConfigFile, loadConfig } from '../server/config.ts';
import { type OfflineExporters, openOfflineExporters } from '../server/exporters/offline.ts';
import { exit, UsageError } from './command.ts';
import { movedTo } from './moved.ts';

export const administrationOptions = {
  config: { type: 'string' },
  'data-dir': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** The lines of `--help` for them. */
export const administrationHelp = `  --config FILE    configuration that names the data directory (default: llm-audit.yaml)
  --data-dir DIR   data directory, instead of the configured one
  --json           print JSON
`;

export const configOf = (flags: { config?: string | undefined; 'data-dir'?: string | undefined }): Config => {
  const loaded = loadConfig(findConfigFile(flags.config), process.env);
  if ('problems' in loaded) {
    throw new UsageError(`the configuration has errors:\n${loaded.problems.map(describeProblem).join('\n')}`);
  }
  return flags['data-dir'] === undefined ? loaded.config : movedTo(flags['data-dir'], loaded.config);
};

/** Null when no gateway runs on the data directory. */
export const askGateway = (
  { dataDir }: Config,
  method: string,
  path: string,
  body?: string,
  patienceMs?: number,
): Promise<Answer | null> => {
  const socket = join(dataDir, 'admin.sock');
  return askSocket(socket, method, path, body, patienceMs).catch((error: unknown): Answer => {
    const reason = error instanceof Error ? error.message : String(error);
    return refused(504, 'no_answer', `The gateway at ${socket} does not answer: ${reason}.`, 'See its log.');
  });
};

export const unusable = (error: unknown): never => {
  if (error instanceof DeliveryError && error.code === 'directory_owned')
    throw new UsageError(`${error.message}; it does not answer on its admin.sock: see its log`);
  throw new UsageError(error instanceof Error ? error.message : String(error));
};

/** Tells why; resolves to the exit code. */
export const failed = (command: string, { status, body }: Answer, json: boolean): number => {
  const { error } = body as {
    error: { message: string; remedy: string; problems?: { key: string; message: string }[] };
  };
  const problems = (error.problems ?? []).map(({ key, message }) => `  ${key === '' ? '' : `${key}: `}${message}\n`);
  if (json) process.stdout.write(`${JSON.stringify(body, null, 2)}\n`);
  else process.stderr.write(`llm-audit ${command}: ${`${error.message} ${error.remedy}`.trim()}\n${problems.join('')}`);
  return status >= 500 ? exit.failed : exit.badInput;
};

/** What an answer of 400 and more says. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super('refused');
    this.answer = answer;
  }
}

export interface Administration {
  /** The body of the answer; rejects with a `Refusal`. Waits as long as it takes. */
  ask<Body>(method: string, path: string, body?: object): Promise<Body>;
  /** Whether a gateway answers. */
  readonly isRunning: boolean;
}

/** Milliseconds: what is asked here may read the whole spool, or wait for destinations. */
const patienceMs = 3_600_000;

/** Runs the work; a refusal becomes a message and an exit code. */
export const withAdministration = async (
  command: string,
  flags: { config?: string | undefined; 'data-dir'?: string | undefined; json: boolean },
  work: (administration: Administration) => Promise<number>,
): Promise<number> => {
  const config = configOf(flags);
  let offline: OfflineExporters | null = null;
  const answer = async (method: string, path: string, body: string): Promise<Answer> => {
    const online = offline ? null : await askGateway(config, method, path, body, patienceMs);
    if (online) return online;
    offline ??= await openOfflineExporters(config).catch(unusable);
    const found = findRoute(offline.routes, method, path);
    if ('status' in found) return found;
    const actor = { name: userInfo().username, source: 'cli' } as const;
    return found.route.run({ id: found.id, query: found.query, body, actor });
  };
  const administration: Administration = {
    ask: async <Body>(method: string, path: string, body?: object): Promise<Body> => {
      const given = await answer(method, path, body === undefined ? '' : JSON.stringify(body));
      if (given.status >= 400) throw new Refusal(given);
      return given.body as Body;
    },
    get isRunning() {
      return offline === null;
    },
  };
  try {
    return await work(administration);
  } catch (error) {
    if (error instanceof Refusal) return failed(command, error.answer, flags.json);
    throw error;
  } finally {
    await (offline as OfflineExporters | null)?.close();
  }
};

export const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
