/** Serves the administration: on a socket in the data directory, and over HTTP for those who have a key. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import type { Actor } from '../budgets/change-event.ts';
import type { AdminKey, Config } from '../config/types.ts';
import { type Answer, refused } from './answer.ts';
import { bearers } from './bearers.ts';
import { type AnyRoute, findRoute } from './routes.ts';

export interface Admin {
  /** `http://host:port`; null without keys and without anything that is open. */
  readonly origin: string | null;
  close(): Promise<void>;
}

export interface AdminOptions {
  readonly config: Config['admin'];
  /** Path of the socket; what lies there is replaced: the data directory has one owner. */
  readonly socket: string;
  readonly routes: readonly AnyRoute[];
  /** Is told what keeps the socket from being served, and what went wrong with a call. */
  readonly tell: (message: string) => void;
}

/** Bytes. */
const longestBody = 1024 * 1024;
const askingMs = 10_000;
/** Looked at every second: Node's own interval would let a slow body hold its place for half a minute more. */
const timeouts = { requestTimeout: askingMs, headersTimeout: askingMs, connectionsCheckingInterval: 1_000 };

/** Who asks, or why they may not. */
type Admit = (request: IncomingMessage) => { actor: Actor; role: AdminKey['role'] } | Answer;

/** Rejects with an Error that names the remedy when the port cannot be had. */
export const openAdmin = async ({ config, socket, routes, tell }: AdminOptions): Promise<Admin> => {
  const local = listener(routes, ofThisMachine, tell);
  const remote = listener(routes, ofKeys(config.keys), tell);
  if (config.keys.length > 0 || routes.some(({ open }) => open)) {
    await listening(remote, { host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
      const remedy = error.code === 'EADDRINUSE' ? 'another program listens there; set admin.port' : error.message;
      throw new Error(`Cannot listen on ${config.host}:${config.port} for the administration: ${remedy}`);
    });
  }
  rmSync(socket, { force: true });
  try {
    await listening(local, { path: socket });
    chmodSync(socket, 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    tell(`${socket} cannot be served, so that \`llm-audit\` does not find this gateway: ${reason}`);
  }
  const bound = remote.address() as AddressInfo | null;
  return {
    origin: bound && `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${bound.port}`,
    close: async () => {
      await Promise.all([closed(local), closed(remote)]);
    },
  };
};

const anybody = { actor: { name: null, source: 'api' }, role: 'read' } as const;

const ofThisMachine: Admit = () => ({ actor: { name: userInfo().username, source: 'cli' }, role: 'admin' });

const ofKeys = (keys: readonly AdminKey[]): Admit => {
  const find = bearers(keys);
  return ({ headers }) => {
    const key = find(headers.authorization);
    if (key) return { actor: { name: key.name, source: 'api' }, role: key.role };
    return refused(
      401,
      'no_key',
      'No known key was shown.',
      'Send Authorization: Bearer KEY with a key of admin.keys.',
    );
  };
};

const listener = (routes: readonly AnyRoute[], admit: Admit, tell: AdminOptions['tell']): Server => {
  const server = createServer(timeouts, (request, response) => {
    answerOf(request, routes, admit)
      .catch((error: unknown) => {
        tell(`the administration failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
        return refused(500, 'failed', 'That is a fault of ours.', "The gateway's log tells more.");
      })
      .then((answer) => send(response, answer));
  });
  server.on('clientError', (_, connection) => connection.destroy());
  return server;
};

const answerOf = async (request: IncomingMessage, routes: readonly AnyRoute[], admit: Admit): Promise<Answer> => {
  const found = findRoute(routes, request.method ?? '', request.url ?? '');
  const isOpen = 'route' in found && found.route.open === true;
  const admitted = isOpen ? anybody : admit(request);
  if ('status' in admitted) return admitted;
  if ('status' in found) return found;
  const { route } = found;
  if (admitted.role !== 'admin' && admitted.role !== route.role)
    return mayNot(admitted.actor.name, admitted.role, route.role);
  if ('take' in route) return route.take({ headers: request.headers, body: request });
  const body = await bodyOf(request);
  if (body === null)
    return refused(413, 'too_long', `The body is longer than ${longestBody} bytes.`, 'Send less at a time.');
  return route.run({ id: found.id, query: found.query, body, actor: admitted.actor });
};

const mayNot = (name: Actor['name'], role: AdminKey['role'], wanted: AdminKey['role']): Answer => {
  const [code, may] = role === 'intake' ? ['intake_only', 'send events'] : ['read_only', 'read'];
  const remedy = `Use a key with role: ${wanted === 'admin' ? 'admin' : `${wanted} or admin`}.`;
  return refused(403, code, `The key "${name}" may only ${may}.`, remedy);
};

const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Read on, so that the answer arrives; kept no more.
    if (length <= longestBody) chunks.push(chunk);
    else if (length > 16 * longestBody) break;
  }
  return length > longestBody ? null : Buffer.concat(chunks).toString('utf8');
};

const send = (response: ServerResponse, { status, body, allow, retryAfter, type }: Answer): void => {
  response.writeHead(status, {
    'content-type': type ?? 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(allow && { allow }),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  });
  response.end(type === undefined ? `${JSON.stringify(body)}\n` : String(body));
};

const listening = (server: Server, where: { host: string; port: number } | { path: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve());
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  });
