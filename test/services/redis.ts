/** A real Redis 7 for tests: the machine's own, or Debian's package unpacked. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { unpacked } from './debian.ts';
import { freePort } from './ports.ts';

export interface Redis {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: what was not written is lost. */
  kill(): Promise<void>;
  /** On the same port and files. Rejects when it does not answer within ten seconds. */
  start(): Promise<void>;
  /** It is there and does not answer, until `resume`. */
  hang(): void;
  resume(): void;
}

export interface RedisSettings {
  /** Of the server, e.g. `['--requirepass', 'x']`. */
  readonly settings?: readonly string[];
  /** Answers over TLS only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

const packages = [
  'redis-server',
  'redis-tools',
  'liblzf1',
  'libjemalloc2',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
  'libatomic1',
  'libhiredis0.14',
];

interface Program {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

const onPath = (): Program | null => {
  try {
    const version = execFileSync('redis-server', ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(/v=(\d+)/.exec(version)?.[1]) >= 7 ? { path: 'redis-server', env: process.env } : null;
  } catch {
    return null;
  }
};

const program = async (): Promise<Program> => {
  const own = onPath();
  if (own) return own;
  const { root, libraries } = await unpacked('redis', packages);
  return { path: `${root}/usr/bin/redis-server`, env: { ...process.env, LD_LIBRARY_PATH: libraries } };
};

/** Null, with the test marked as skipped and the reason said, where no Redis can be had. */
export const startRedis = async (
  t: Pick<TestContext, 'after' | 'skip'>,
  { settings = [], tls }: RedisSettings = {},
): Promise<Redis | null> => {
  let redis: Program;
  try {
    redis = await program();
  } catch (error) {
    t.skip(
      `no Redis 7 on this machine, and Debian's package cannot be had: ${error instanceof Error ? error.message : error}`,
    );
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const files = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
  const listening = tls
    ? ['--port', '0', '--tls-port', String(port), '--tls-cert-file', tls.certificate, '--tls-key-file', tls.key]
    : ['--port', String(port)];
  const start = async (): Promise<void> => {
    const started = spawn(redis.path, ['--bind', '127.0.0.1', ...listening, ...files, ...settings], {
      env: redis.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child = started;
    let said = '';
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2_000);
    });
    await answering(port, tls !== undefined, () => (started.exitCode === null ? null : said));
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  };
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    port,
    kill,
    start,
    hang: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
};

/** Resolves when the server answers at all, also with an error. */
const answering = async (port: number, tls: boolean, ended: () => string | null): Promise<void> => {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = await new Promise<boolean>((resolve) => {
      const ask = (): void => void socket.write('PING\r\n');
      const socket = tls
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, ask)
        : createConnection(port, '127.0.0.1', ask);
      socket.once('data', (data) => {
        socket.destroy();
        resolve(/PONG|NOAUTH/.test(data.toString()));
      });
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      setTimeout(() => socket.destroy(), 500).unref();
    });
    if (answer) return;
    const said = ended();
    if (said !== null || Date.now() > until) throw new Error(`Redis does not answer on port ${port}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
