/** A real Kafka for tests (KRaft, one broker or several), from the jars on Maven Central. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Authority, makeAuthority } from './kafka-certificates.ts';
import { freePort } from './ports.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/llm-usage-audit/', import.meta.url));
const pom = fileURLToPath(new URL('./kafka.pom.xml', import.meta.url));

/** User of every SASL mechanism. */
export const user = { username: 'app', password: 'obviously-fake-password' };

export interface Broker {
  readonly id: number;
  /** `host:port`, without security. */
  readonly plain: string;
  /** SASL without TLS, SASL over TLS, TLS, TLS that asks for a client certificate. */
  readonly sasl: string;
  readonly saslTls: string;
  readonly tls: string;
  readonly mutual: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same ports and files. */
  start(): Promise<void>;
  /** It is there and does not answer, until `resume`. */
  hang(): void;
  resume(): void;
}

export interface Kafka {
  readonly brokers: readonly Broker[];
  readonly first: Broker;
  readonly authority: Authority;
  /** With the files of broker n in its folder `n`. */
  readonly folder: string;
  /** Runs a class of Kafka's own tools; resolves to what it prints. */
  java(name: string, ...args: readonly string[]): Promise<string>;
}

export interface KafkaSettings {
  readonly brokers?: number;
  /** Lines of server.properties. */
  readonly settings?: readonly string[];
  /** For measuring: slow to start, then as fast as in earnest. */
  readonly fast?: boolean;
}

/** Small, quick to start. */
const jvm = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const fastJvm = ['-Xms512m', '-Xmx1g', '-Xshare:auto'];

/** Downloads the jars once. Rejects with what is missing. */
const libraries = async (): Promise<string> => {
  for (const program of ['java', 'openssl'])
    execFileSync(program, [program === 'java' ? '-version' : 'version'], { stdio: 'ignore' });
  const folder = `${cache}kafka-4.3.1`;
  if (existsSync(folder)) return `${folder}/*`;
  // Several tests may want it at once: each downloads for itself, the first one stays.
  const own = `${folder}.${process.pid}`;
  await rm(own, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  try {
    await run('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${own}`], {
      timeout: 180_000,
    });
    await rename(own, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return `${folder}/*`;
};

const listeners = ['plain', 'sasl', 'saslTls', 'tls', 'mutual'] as const;
type Ports = Readonly<Record<(typeof listeners)[number] | 'controller', number>>;

const protocols = {
  plain: 'PLAINTEXT',
  sasl: 'SASL_PLAINTEXT',
  saslTls: 'SASL_SSL',
  tls: 'SSL',
  mutual: 'SSL',
} as const;

const properties = (
  id: number,
  all: readonly Ports[],
  folder: string,
  authority: Authority,
  settings: readonly string[],
): string => {
  const ports = all[id - 1] as Ports;
  const addresses = listeners.map((name) => `${name}://127.0.0.1:${ports[name]}`).join(',');
  const copies = Math.min(3, all.length);
  const login = 'org.apache.kafka.common.security';
  return [
    'process.roles=broker,controller',
    `node.id=${id}`,
    `controller.quorum.voters=${all.map(({ controller }, index) => `${index + 1}@127.0.0.1:${controller}`).join(',')}`,
    `listeners=${addresses},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=${addresses}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=plain',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${listeners.map((name) => `${name}:${protocols[name]}`).join(',')}`,
    ...['sasl', 'saslTls'].flatMap((name) => [
      `listener.name.${name.toLowerCase()}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
      `listener.name.${name.toLowerCase()}.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${user.username}="${user.password}";`,
      `listener.name.${name.toLowerCase()}.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
      `listener.name.${name.toLowerCase()}.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ]),
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${authority.server.both}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${authority.ca}`,
    'listener.name.mutual.ssl.client.auth=required',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    'allow.everyone.if.no.acl.found=true',
    `log.dirs=${folder}/data`,
    'num.partitions=3',
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${copies > 1 ? 2 : 1}`,
    `offsets.topic.replication.factor=${copies}`,
    'offsets.topic.num.partitions=1',
    `transaction.state.log.replication.factor=${copies}`,
    'transaction.state.log.min.isr=1',
    `share.coordinator.state.topic.replication.factor=${copies}`,
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'log.retention.ms=-1', // the events of tests are years old
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    'auto.create.topics.enable=true',
    'connection.failed.authentication.delay.ms=10',
    ...settings,
    '',
  ].join('\n');
};

/** Whether somebody accepts connections there and, being a broker, does not hang up at once. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    // ApiVersions, version 0, from a client without a name.
    socket.once('connect', () => socket.write(Buffer.from('0000000a0012000000000001ffff', 'hex')));
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.setTimeout(2_000, () => end(false));
  });

const newBroker = (id: number, ports: Ports, folder: string, classPath: string, fast: boolean) => {
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const started = spawn(
      'java',
      [
        ...(fast ? fastJvm : jvm),
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-cp',
        classPath,
        'kafka.Kafka',
        `${folder}/server.properties`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child = started;
    let said = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-4_000);
    });
    const until = Date.now() + 90_000;
    while (!(await answers(ports.plain))) {
      if (started.exitCode !== null || Date.now() > until) throw new Error(`Kafka does not answer: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  };
  const at = (port: number): string => `127.0.0.1:${port}`;
  const broker: Broker = {
    id,
    plain: at(ports.plain),
    sasl: at(ports.sasl),
    saslTls: at(ports.saslTls),
    tls: at(ports.tls),
    mutual: at(ports.mutual),
    kill,
    start,
    hang: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
  return broker;
};

/** Of the cluster, with the users of SCRAM. */
const identity = [
  ...['-t', 'bGxtLXVzYWdlLWF1ZGl0MQ'],
  ...['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => [
    '--add-scram',
    `${name}=[name=${user.username},password=${user.password}]`,
  ]),
];

/** The formatted folder of the first broker as that of another: quicker than the tool for it. */
const copyData = async (from: string, to: string, id: number): Promise<void> => {
  await cp(from, to, { recursive: true });
  const meta = await readFile(`${to}/meta.properties`, 'utf8');
  const directory = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  await writeFile(
    `${to}/meta.properties`,
    meta.replace(/^node\.id=.*$/m, `node.id=${id}`).replace(/^directory\.id=.*$/m, `directory.id=${directory}`),
  );
};

/** Formats, configures and starts; `after` is told first how to end all of it. */
const launch = async (
  classPath: string,
  folder: string,
  { brokers: count = 1, settings = [], fast = false }: KafkaSettings,
  after: (end: () => Promise<void>) => void,
): Promise<Kafka> => {
  const brokers: Broker[] = [];
  after(async () => {
    await Promise.all(brokers.map((broker) => broker.kill()));
    await rm(folder, { recursive: true, force: true });
  });
  const authority = await makeAuthority(folder);
  const all: Ports[] = [];
  for (let id = 1; id <= count; id++) {
    const ports = await Promise.all(
      [...listeners, 'controller'].map(async (name) => [name, await freePort()] as const),
    );
    all.push(Object.fromEntries(ports) as unknown as Ports);
  }
  const java = async (name: string, ...args: readonly string[]): Promise<string> =>
    (
      await run('java', [...jvm, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classPath, name, ...args], {
        maxBuffer: 64 * 1024 ** 2,
        timeout: 60_000,
      })
    ).stdout;
  for (const [index, ports] of all.entries()) {
    const id = index + 1;
    const own = join(folder, String(id));
    await mkdir(own);
    await writeFile(`${own}/server.properties`, properties(id, all, own, authority, settings));
    if (id === 1) await java('kafka.tools.StorageTool', 'format', ...identity, '-c', `${own}/server.properties`);
    else await copyData(join(folder, '1', 'data'), `${own}/data`, id);
    brokers.push(newBroker(id, ports, own, classPath, fast));
  }
  await Promise.all(brokers.map((broker) => broker.start()));
  return { brokers, first: brokers[0] as Broker, authority, folder, java };
};

/** Null, with the test marked as skipped and the reason said, where no Kafka can be had. */
export const startKafka = async (
  t: Pick<TestContext, 'after' | 'skip'>,
  settings: KafkaSettings = {},
): Promise<Kafka | null> => {
  let classPath: string;
  try {
    classPath = await libraries();
  } catch (error) {
    const missing =
      error instanceof Error && 'path' in error
        ? `no ${error.path} on this machine`
        : 'its jars cannot be downloaded with Maven';
    t.skip(`no Kafka: ${missing}`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-kafka-'));
  return launch(classPath, folder, settings, (end) => t.after(end));
};
