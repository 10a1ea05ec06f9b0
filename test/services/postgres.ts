/** A real PostgreSQL for tests: the machine's own, or Debian's package unpacked. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, chown, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { unpacked } from './debian.ts';
import { freePort } from './ports.ts';

const run = promisify(execFile);

export interface Postgres {
  readonly port: number;
  /** Of the role `postgres`, which may do anything. Logs in by SCRAM. */
  readonly password: string;
  /** Runs a statement as `postgres`. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** SIGKILL for the server and all its processes at once: what was not written is lost. */
  kill(): Promise<void>;
  /** On the same port and files. Rejects when it does not answer within twenty seconds. */
  start(): Promise<void>;
  /** It is there and does not answer, until `resume`. */
  hang(): void;
  resume(): void;
}

export interface PostgresSettings {
  /** Of the server, e.g. `{max_connections: '10'}`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Serves TLS with these, and takes no connection without it. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

interface Program {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

const onPath = (): Program | null => {
  const known = '/usr/lib/postgresql';
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...(existsSync(known) ? readdirSync(known).map((version) => join(known, version, 'bin')) : []),
  ];
  const folder = folders.find((path) => ['initdb', 'postgres'].every((name) => existsSync(join(path, name))));
  return folder === undefined ? null : { folder, env: process.env };
};

/** Of Debian 12, with the libraries that a small system may lack. */
const packages = ['postgresql-15', 'libpq5', 'libicu72', 'libxml2', 'libldap-2.5-0', 'libsasl2-2'];

const program = async (): Promise<Program> => {
  const own = onPath();
  if (own) return own;
  const { root, libraries } = await unpacked('postgresql-15', packages);
  return {
    folder: join(root, 'usr/lib/postgresql/15/bin'),
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  };
};

/** PostgreSQL does not run as root. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const asNobody = (command: string, args: readonly string[]): [string, string[]] =>
  isRoot
    ? ['setpriv', [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', command, ...args]]
    : [command, [...args]];

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
};

/** Null, with the test marked as skipped and the reason said, where no PostgreSQL can be had. */
export const startPostgres = async (
  t: { after(end: () => Promise<void>): void; skip(reason?: string): void },
  { settings = {}, tls }: PostgresSettings = {},
): Promise<Postgres | null> => {
  const password = ['only', 'for', 'tests'].join('-');
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-postgres-'));
  const data = join(folder, 'data');
  let server: Program;
  try {
    server = await program();
    await writeFile(join(folder, 'password'), password);
    if (isRoot) await Promise.all([folder, join(folder, 'password')].map((path) => chown(path, nobody, nobody)));
    const flags = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${join(folder, 'password')}`];
    await run(
      ...asNobody(join(server.folder, 'initdb'), ['-D', data, ...flags, '--encoding=UTF8', '--locale=C', '--no-sync']),
      { env: server.env, timeout: 60_000 },
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    t.skip(
      `no PostgreSQL on this machine, and Debian's package cannot be had: ${error instanceof Error ? error.message.slice(0, 500) : error}`,
    );
    return null;
  }
  if (tls) {
    for (const [from, to] of [
      [tls.certificate, 'server.crt'],
      [tls.key, 'server.key'],
    ] as const) {
      await copyFile(from, join(data, to));
      if (isRoot) await chown(join(data, to), nobody, nobody);
      await run('chmod', ['600', join(data, to)]);
    }
    await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
  }
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    shared_buffers: '32MB',
    ssl: tls ? 'on' : 'off',
    ...settings,
  };
  await appendFile(
    join(data, 'postgresql.conf'),
    Object.entries(all)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(''),
  );

  const query = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database: 'postgres',
      ssl: tls ? { rejectUnauthorized: false } : false,
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(text, values)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  };

  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const started = spawn(...asNobody(join(server.folder, 'postgres'), ['-D', data]), {
      env: server.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    let said = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2_000);
    });
    for (const until = Date.now() + 20_000; ; ) {
      try {
        await query('SELECT 1');
        return;
      } catch (error) {
        if (started.exitCode !== null || Date.now() > until)
          throw new Error(`PostgreSQL does not answer on port ${port}: ${error}\n${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const family = (): number[] => (child?.pid === undefined ? [] : [child.pid, ...childrenOf(child.pid)]);
  const kill = async (): Promise<void> => {
    const ending = child;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    // The postmaster first, stopped: else it would see its children die, and mend.
    signal(ending.pid ?? 0, 'SIGSTOP');
    for (const pid of family().reverse()) signal(pid, 'SIGKILL');
    child = null;
    await ended;
  };
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    port,
    password,
    query,
    kill,
    start,
    hang: () => {
      for (const pid of family()) signal(pid, 'SIGSTOP');
    },
    resume: () => {
      for (const pid of family()) signal(pid, 'SIGCONT');
    },
  };
};
