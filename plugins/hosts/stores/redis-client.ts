/** The connection to Redis, or to the cluster that it belongs to: it comes back by itself, and no answer is waited for too long. */
import type { RedisClientOptions, RedisClientType, RedisClusterType } from '@redis/client';
import { LedgerDown } from '../../budgets/ledger.ts';
import type { RedisPort } from './redis-ledger.ts';

export interface RedisOptions {
  /** `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS. Of a cluster, any node. */
  readonly url: string;
  /** Certificates, PEM, that the server's must be signed by; null: those that the machine trusts. */
  readonly ca: string | null;
  /** Milliseconds after which a command is given up: whether it is done is then not known. */
  readonly timeout: number;
}

/** Milliseconds: between attempts to connect, rising to the most; for one attempt. */
const firstPause = 50;
const longestPause = 2_000;
const connectTimeout = 2_000;
/** Milliseconds without any answer after which a connection is made anew: a firewall may have forgotten it. */
const longestSilence = 5_000;

/** Resolves once connected, or once the first attempt failed; further attempts follow. Throws for a URL that is none. */
export const openRedis = async ({ url, ca, timeout }: RedisOptions): Promise<RedisPort> => {
  const { createClient, createCluster, ClientOfflineError } = await import('@redis/client');
  const socket = {
    connectTimeout,
    keepAlive: true,
    noDelay: true,
    reconnectStrategy: (retries: number) =>
      Math.min(longestPause, firstPause * 2 ** Math.min(retries, 6)) * (0.75 + Math.random() / 2),
    ...(url.startsWith('rediss:') ? { tls: true as const, ...(ca === null ? {} : { ca }) } : {}),
  };
  const connection = { disableOfflineQueue: true, maintNotifications: 'disabled' as const };

  let fault = 'it is being connected to';
  let silentSince: number | null = null;
  let client: RedisClientType;
  let cluster: Promise<RedisClusterType> | null = null;
  let closed = false;

  const connect = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // The client writes into its options.
    client = createClient({ ...connection, socket: { ...socket }, url } as RedisClientOptions) as RedisClientType;
    client.on('ready', resolve);
    client.on('error', (error: Error) => {
      fault = messageOf(error);
      resolve();
    });
    client.connect().catch(() => undefined);
    silentSince = null;
    return promise;
  };
  const connectCluster = async (): Promise<RedisClusterType> => {
    const found = createCluster({
      rootNodes: [{ ...connection, socket: { ...socket }, url }],
      defaults: { ...connection, ...loginOf(url), socket: { ...socket } },
    } as Parameters<typeof createCluster>[0]) as unknown as RedisClusterType;
    found.on('error', (error: Error) => {
      fault = messageOf(error);
    });
    try {
      await found.connect();
    } catch (error) {
      cluster = null;
      throw error;
    }
    return found;
  };
  const inCluster = async (args: readonly string[]): Promise<unknown> => {
    cluster ??= connectCluster();
    const key = args[0] === 'EVALSHA' || args[0] === 'EVAL' ? args[3] : args[1];
    return (await cluster).sendCommand(key, false, [...args]);
  };

  const watchdog = openWatchdog(timeout, () => {
    if (silentSince === null || performance.now() - silentSince < longestSilence || cluster || closed) return;
    client.destroy();
    void connect();
  });
  const command = (args: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const over = watchdog.watch(reject);
      silentSince ??= performance.now();
      const sent = cluster ? inCluster(args) : client.sendCommand(args);
      sent.then(
        (answer) => {
          silentSince = null;
          over();
          resolve(answer);
        },
        (error: unknown) => {
          over();
          if (!cluster && messageOf(error).startsWith('MOVED')) return inCluster(args).then(resolve, reject);
          if (!(error instanceof ClientOfflineError)) return reject(error);
          silentSince = null;
          reject(new LedgerDown(`Redis cannot be reached: ${fault}`));
        },
      );
    });

  await connect();
  return {
    command,
    close: async () => {
      closed = true;
      client.destroy();
      if (cluster) (await cluster.catch(() => null))?.destroy();
    },
  };
};

/** The nodes of a cluster that are found through the first take nothing from its URL. */
const loginOf = (url: string): { username?: string; password?: string } => {
  const { username, password } = new URL(url);
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Watchdog {
  /** Returns what is to be called when the answer has come. */
  watch(reject: (error: LedgerDown) => void): () => void;
}

/** One timer for all that is waited for: they all have the same patience, so the first that was asked is the first that is late. */
const openWatchdog = (patience: number, onLate: () => void): Watchdog => {
  const waiting = new Set<{ readonly until: number; readonly reject: (error: LedgerDown) => void }>();
  let armed = false;
  const arm = (after: number): void => {
    armed = true;
    // Answers that lie in the socket, because this process itself was busy, are not late: they are read first.
    setTimeout(() => setImmediate(look), after).unref();
  };
  const look = (): void => {
    armed = false;
    const now = performance.now();
    let late = false;
    for (const one of waiting) {
      if (one.until > now) {
        arm(one.until - now);
        break;
      }
      waiting.delete(one);
      late = true;
      one.reject(new LedgerDown(`Redis did not answer within ${patience} ms`));
    }
    if (late) onLate();
  };
  return {
    watch: (reject) => {
      const one = { until: performance.now() + patience, reject };
      waiting.add(one);
      if (!armed) arm(patience);
      return () => waiting.delete(one);
    },
  };
};
