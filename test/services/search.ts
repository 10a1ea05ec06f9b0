/** A real Elasticsearch 8 or OpenSearch 3 for tests, one node on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Jdk, jdk } from './java.ts';
import { freePort } from './ports.ts';
import { distribution, type Product } from './search-distribution.ts';

export interface SearchServer {
  readonly url: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same port and files, after `kill`. */
  start(): Promise<void>;
}

export interface SearchSettings {
  /** Lines of elasticsearch.yml or opensearch.yml beside ours. */
  readonly settings?: readonly string[];
  /** Asks for credentials: those of `operator`. Elasticsearch only. */
  readonly security?: boolean;
  /** For measuring: slow to start, then as fast as in earnest. */
  readonly fast?: boolean;
}

/** May do everything on a server with `security`. */
export const operator = { user: 'operator', password: 'search-test-password' } as const;
const operatorHash = '$2a$12$hmwVCkugyzRPAwCspqnaeOsoHM97r5PxUAkUAAXMXe4IaKLTUzuIi';

const javaFor = { elasticsearch: 17, opensearch: 21 } as const;
/** Neither server runs as root. */
const nobody = { uid: 65_534, gid: 65_534 } as const;
const isRoot = process.getuid?.() === 0;
/** Milliseconds: 10 to 40 seconds are usual on two busy cores. */
const longestStart = 150_000;

/** Options of the virtual machine as they come with the server, but for its memory and its many log files. */
const jvmOptions = (home: string, fast: boolean): string =>
  readFileSync(`${home}/config/jvm.options`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !/^#|-Xm[sx]|UseG1GC|HeapDump|ErrorFile|-Xlog/.test(line))
    .concat(fast ? ['-Xms2g', '-Xmx2g'] : ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'], '')
    .join('\n');

const configure = async (
  product: Product,
  home: string,
  folder: string,
  port: number,
  { settings = [], security = false, fast = false }: SearchSettings,
): Promise<void> => {
  const config = `${folder}/config`;
  await cp(`${home}/config`, config, { recursive: true });
  await mkdir(`${folder}/tmp`);
  const lines = [
    'cluster.name: llm-audit-test',
    'node.name: only',
    'discovery.type: single-node',
    'network.host: 127.0.0.1',
    `http.port: ${port}`,
    `transport.port: ${await freePort()}`,
    `path.data: ${folder}/data`,
    `path.logs: ${folder}/logs`,
    'cluster.routing.allocation.disk.threshold_enabled: false',
    ...(product === 'elasticsearch'
      ? [
          `xpack.security.enabled: ${security}`,
          ...(security
            ? ['xpack.security.http.ssl.enabled: false', 'xpack.security.transport.ssl.enabled: false']
            : []),
        ]
      : []),
    ...settings,
  ];
  await writeFile(`${config}/${product}.yml`, `${lines.join('\n')}\n`);
  await writeFile(`${config}/jvm.options`, jvmOptions(home, fast));
  if (security) {
    await writeFile(`${config}/users`, `${operator.user}:${operatorHash}\n`);
    await writeFile(`${config}/users_roles`, `superuser:${operator.user}\n`);
  }
  if (!isRoot) return;
  await chmod(folder, 0o755);
  const within = await readdir(folder, { recursive: true });
  for (const path of [folder, ...within.map((name) => `${folder}/${name}`)]) await chown(path, nobody.uid, nobody.gid);
};

/**
 * A group of processes, since the program that is started starts the server. All of it ends when the server does, and when
 * the test is gone, however it went: then `cat` comes to an end.
 */
const untilWeAreGone = '("$@"; kill -9 0) & cat; kill -9 0';

const spawnServer = (product: Product, home: string, folder: string, java: Jdk): ChildProcess => {
  const upper = product === 'elasticsearch' ? 'ES' : 'OPENSEARCH';
  return spawn('/bin/sh', ['-c', untilWeAreGone, 'sh', `${home}/bin/${product}`], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      [`${upper}_PATH_CONF`]: `${folder}/config`,
      [`${upper}_JAVA_HOME`]: java.home,
      [`${upper}_TMPDIR`]: `${folder}/tmp`,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(isRoot && nobody),
  });
};

const answers = async (url: string): Promise<boolean> => {
  try {
    const { status } = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`);
    return status === 200 || status === 401;
  } catch {
    return false;
  }
};

/** Null, with the test marked as skipped and the reason said, where the server cannot be had. */
export const startSearch = async (
  t: Pick<TestContext, 'after' | 'skip'>,
  product: Product,
  settings: SearchSettings = {},
): Promise<SearchServer | null> => {
  const java = jdk(javaFor[product]);
  if (!java) {
    t.skip(`no Java ${javaFor[product]} or newer on this machine, which ${product} needs`);
    return null;
  }
  let home: string;
  try {
    home = await distribution(product, java);
  } catch (error) {
    t.skip(`${product} cannot be had by Maven: ${error instanceof Error ? error.message : error}`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), `llm-audit-${product}-`));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    const started = spawnServer(product, home, folder, java);
    child = started;
    let said = '';
    for (const stream of [started.stdout, started.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-3_000);
      });
    const until = Date.now() + longestStart;
    while (!(await answers(url))) {
      if (started.exitCode !== null || started.signalCode !== null || Date.now() > until)
        throw new Error(`${product} does not answer on port ${port}: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending?.pid === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    process.kill(-ending.pid, 'SIGKILL');
    await ended;
  };
  t.after(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  await configure(product, home, folder, port, settings);
  await start();
  return { url, port, kill, start };
};
