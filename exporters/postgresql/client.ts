/** Inserts each batch by one statement that says which of its events were there before. */
import { type NetConnectOpts, Socket } from 'node:net';
import type { ClientBase, PoolClient } from 'pg';
import pg from 'pg';
import type { Destination, Surroundings } from '../kind.ts';
import { ForbiddenAddress, guardOf, type Trust } from '../net/address.ts';
import { survivable } from '../net/survivable.ts';
import { insecureWarning } from '../net/tls.ts';
import { delivered, duplicate, type Outcome } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { PostgresqlConfig } from './config.ts';
import { errorOutcome, isAboutEvents } from './outcome.ts';
import { checked, prepared } from './preparation.ts';
import { retention, stepRows } from './retention.ts';
import { storable, textArray } from './storable.ts';
import { deletion, insertion, type Shape } from './table.ts';

/** Connects to what may be connected to. A path is a Unix socket, which only the operator himself may name. */
const guardedSocket = (trust: Trust): Socket => {
  const guard = guardOf(trust);
  const socket = new Socket();
  const connect: (options: NetConnectOpts) => Socket = socket.connect.bind(socket);
  const guarded = (place: number | string, host = 'localhost'): Socket => {
    const isForbidden = typeof place === 'string' ? trust !== 'file' : guard.forbids(host);
    if (isForbidden) return socket.destroy(new ForbiddenAddress('an address that is not connected to'));
    return connect(typeof place === 'string' ? { path: place } : { port: place, host, lookup: guard.lookup });
  };
  return Object.assign(socket, { connect: guarded });
};

interface Wire {
  attachListeners(stream: Socket): void;
}

/** A client that no answer of a server can make fall over: the connection fails, and its statement with it. */
class SturdyClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as { connection: Wire }; // inner, and the only place that is behind TLS
    const attach = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => attach(survivable(stream));
  }
}

interface Connections {
  connect(): Promise<PoolClient>;
  /** At once, also those that a server does not answer on. */
  close(): Promise<void>;
}

const connectionsTo = (config: PostgresqlConfig, timeout: number, trust: Trust = 'file'): Connections => {
  const { host, port, database, user, password, tls, poolSize } = config;
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    Client: SturdyClient,
    host,
    port,
    database,
    user,
    password: () => password, // given as text, an empty one would be looked for in the environment and in ~/.pgpass
    ssl: tls,
    application_name: 'llm-usage-audit',
    // A statement that nobody waits for any more ends in the server, too, which counts in 32 bits.
    statement_timeout: Math.min(timeout, 2 ** 31 - 1),
    max: poolSize,
    connectionTimeoutMillis: timeout,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    stream: () => {
      const socket = guardedSocket(trust);
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
  });
  // Connections that break while nobody uses them are replaced; those in use fail their statement.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    connect: () => pool.connect(),
    close: async () => {
      const ended = pool.ending ? null : pool.end();
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
};

/** Rejects with the signal's reason when it aborts first. */
const unlessAborted = <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort));
};

export const open = (config: PostgresqlConfig, { id, timeout, now, log, trust }: Surroundings): Destination => {
  const connections = connectionsTo(config, timeout, trust);
  if (config.tls && !config.tls.rejectUnauthorized) log('warn', insecureWarning, { exporter: id });
  /** Of the table, once it was found. */
  let shape: Shape | null = null;

  const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(timeout)]);

  /** A connection for the time of `use`. One whose state is in doubt is closed, so that a failover is noticed. */
  const connected = async <Value>(signal: AbortSignal, use: (client: ClientBase) => Promise<Value>): Promise<Value> => {
    const connecting = connections.connect();
    let client: PoolClient;
    try {
      client = await unlessAborted(connecting, signal);
    } catch (thrown) {
      connecting.then(
        (late) => late.release(),
        () => {},
      );
      throw thrown;
    }
    try {
      const value = await unlessAborted(use(client), signal);
      client.release();
      return value;
    } catch (thrown) {
      client.release(!isAboutEvents(thrown));
      throw thrown;
    }
  };

  /** The table, or the reason why it cannot be used. */
  const table = async (client: ClientBase): Promise<Shape | Outcome> => {
    if (shape) return shape;
    const found = await prepared(client, config);
    if (!('is' in found)) shape = found;
    return found;
  };

  const told = (thrown: unknown): Outcome => {
    if (!isAboutEvents(thrown)) shape = null; // the table may be another one by the next attempt
    return errorOutcome(thrown, config.password);
  };

  const deleteOld = (signal: AbortSignal): Promise<Outcome | number> =>
    connected(within(signal), async (client) => {
      const found = await table(client);
      if ('is' in found) return found;
      const before = now() - config.retentionDays * 86_400_000;
      return (await client.query(deletion(config.schema, config.table, found), [before, stepRows])).rowCount ?? 0;
    }).catch((thrown: unknown) => errorOutcome(thrown, config.password));
  const old = retention(deleteOld, id, log);

  const insert = async (client: ClientBase, batch: readonly Outgoing[]): Promise<Outcome | Outcome[]> => {
    const found = await table(client);
    if ('is' in found) return found;
    const { rows } = await client.query<{ id: string }>(insertion(config.schema, config.table, found), [
      textArray(batch.map((event) => event.id)),
      `{${batch.map(({ at }) => Math.trunc(at)).join(',')}}`,
      textArray(batch.map(({ body }) => storable(body))),
    ]);
    if (Number.isFinite(config.retentionDays)) old.begin();
    if (rows.length === batch.length) return delivered;
    const fresh = new Set(rows.map((row) => row.id));
    return batch.map((event) => (fresh.delete(event.id) ? delivered : duplicate));
  };

  return {
    lanes: config.poolSize,

    send: async (batch, signal) => {
      try {
        return await connected(within(signal), (client) => insert(client, batch));
      } catch (thrown) {
        return told(thrown);
      }
    },

    check: async (signal) => {
      try {
        return await connected(within(signal), (client) => checked(client, config));
      } catch (thrown) {
        return told(thrown);
      }
    },

    close: async () => {
      old.stop();
      await connections.close();
    },
  };
};
