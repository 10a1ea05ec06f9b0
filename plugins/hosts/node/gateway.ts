/** The embedded gateway: a reverse proxy in which a path prefix names the provider. Formats pass through untouched. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Pool } from 'undici';
import type { Forwarded, GatewayIdentity, IncomingCall, Plugins, Provider } from '../../contract.ts';
import { refuse, refuseUnread, refuseUpgrade, say } from './answers.ts';
import { ClientLeft, readBody } from './body.ts';
import { type AbortPolicy, Drains } from './drains.ts';
import type { Front } from './front.ts';
import { plainHeaders, requestHeaders } from './headers.ts';
import { Relay } from './relay.ts';

export interface Upstream {
  readonly provider: Provider;
  /** Path that the provider's base URL puts in front, without a trailing slash. */
  readonly basePath: string;
  /** Header lines of the configuration, sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface GatewayOptions {
  /** By path prefix. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Null: a bare proxy that looks at nothing (what benchmarks compare with). */
  readonly plugins: Plugins | null;
  /** A gateway in front that says who calls; null: the key in the request does. */
  readonly front?: Front | null;
  readonly limits: { readonly requestBody: number };
  readonly onClientAbort: AbortPolicy;
  /** Milliseconds: to connect; until the head of the answer; between two pieces of its body. */
  readonly timeouts: { readonly connect: number; readonly head: number; readonly idle: number };
  /** False makes `/readyz` answer 503. */
  readonly ready: () => boolean;
}

export interface Gateway {
  readonly server: Server;
  /** Takes a request that another server received: a path prefix names the provider. */
  answer(req: IncomingMessage, res: ServerResponse): void;
  /** Exchanges that are under way. */
  inFlight(): number;
  /** Takes no new connection, lets exchanges end for at most `graceMs`, then closes them. */
  close(graceMs: number): Promise<void>;
}

export const createGateway = (options: GatewayOptions): Gateway => {
  const pools = new Map<string, Pool>();
  for (const { provider } of options.upstreams.values()) {
    if (pools.has(provider.origin)) continue;
    const { connect, head, idle } = options.timeouts;
    pools.set(
      provider.origin,
      new Pool(provider.origin, {
        connections: null,
        pipelining: 1,
        allowH2: false,
        connect: { timeout: connect },
        headersTimeout: head,
        bodyTimeout: idle,
      }),
    );
  }
  const drains = new Drains(options.onClientAbort);
  const underway = new Set<Promise<void>>();
  let draining = false;

  const exchange = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const receivedAt = performance.timeOrigin + performance.now();
    const url = req.url ?? '/';
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    const slash = path.indexOf('/', 1);
    const prefix = slash < 0 ? path.slice(1) : path.slice(1, slash);
    const upstream = options.upstreams.get(prefix);
    if (!upstream) return local(req, res, path);

    const body = await readBody(req, options.limits.requestBody);
    const readAt = performance.timeOrigin + performance.now();
    const target = slash < 0 ? '/' : path.slice(slash);
    const query = question < 0 ? '' : url.slice(question);
    const pool = pools.get(upstream.provider.origin);
    if (!pool) throw new Error(`no pool for ${upstream.provider.id}`);
    if (options.plugins === null) {
      if (body === null)
        return say(res, 413, 'body_too_large', `The body is larger than ${options.limits.requestBody} bytes`);
      return relay(pool, upstream, req, res, unwatched(target + query, body));
    }
    const met = options.front ? await options.front.meet(plainHeaders(req.headers)) : null;
    if (met && options.front) {
      for (const name in met.answerHeaders) res.setHeader(name, met.answerHeaders[name] ?? '');
      for (const name in req.headers) if (options.front.isOurs(name)) delete req.headers[name];
    }
    const identity = met && !('status' in met.identity) ? met.identity : null;
    const route = identity?.route ?? prefix;
    const incoming: IncomingCall = {
      method: req.method ?? 'GET',
      path: target,
      query,
      headers: plainHeaders(req.headers),
      body: body !== null && body.length > 0 ? body : null,
      provider: upstream.provider,
      clientIp: req.socket.remoteAddress ?? null,
      ...(met && { identity: identity ?? unproven }),
      route: { id: route, name: route },
      receivedAt,
      readAt,
    };
    if (body === null) {
      const message = `The request body is larger than this gateway takes (${options.limits.requestBody} bytes; limits.request_body)`;
      return refuseUnread(req, res, options.plugins.refuse(incoming, { status: 413, code: 'body_too_large', message }));
    }
    if (met && 'status' in met.identity) return refuse(res, options.plugins.refuse(incoming, met.identity));
    const decision = await options.plugins.decide(incoming);
    if (decision.action === 'refuse') return refuse(res, decision);
    return relay(pool, upstream, req, res, decision);
  };

  /** Sends a call, and sends it again where the first answer says so. Resolves when the last event is accepted. */
  const relay = async (
    pool: Pool,
    upstream: Upstream,
    req: IncomingMessage,
    res: ServerResponse,
    first: Forwarded,
  ): Promise<void> => {
    let forwarded: Forwarded | null = first;
    for (let attempt = 1; forwarded !== null; attempt++) {
      const { call, target, headers, body, retry, answerHeaders } = forwarded as Forwarded;
      const watch = call && options.plugins ? options.plugins.watch(call, attempt) : null;
      const handler = new Relay({
        res,
        watch,
        drains,
        headers: answerHeaders,
        retry,
        stallMs: options.timeouts.idle,
        fail: (status, message) => say(res, status, status === 504 ? 'upstream_timeout' : 'upstream_error', message),
      });
      watch?.dispatched();
      try {
        pool.dispatch(
          {
            method: (req.method ?? 'GET') as 'GET',
            path: upstream.basePath + target,
            headers: { ...requestHeaders(req.headers, headers), ...upstream.headers },
            body,
          },
          handler,
        );
      } catch (error) {
        // Not even sent: what was reserved for it must be given back.
        handler.onResponseError(null, error instanceof Error ? error : new Error(String(error)));
      }
      forwarded = await handler.over;
    }
  };

  const local = (req: IncomingMessage, res: ServerResponse, path: string): void => {
    const ready = !draining && options.ready();
    if (path === '/healthz' || path === '/readyz') {
      if (path === '/healthz' || ready) say(res, 200, null, path === '/healthz' ? 'ok' : 'ready');
      else say(res, 503, 'not_ready', 'not ready');
      return;
    }
    const ids = [...options.upstreams.keys()];
    const example = ids[0] ?? 'openai';
    say(
      res,
      404,
      'unknown_provider',
      `No provider has the prefix "${path.split('/')[1] ?? ''}". Providers here: ${ids.join(', ')}. ` +
        `Point your SDK's base URL at http://${req.headers.host ?? 'this-gateway'}/${example}/v1`,
    );
  };

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    if (draining) res.setHeader('connection', 'close');
    const one = exchange(req, res).catch((error: unknown) => {
      if (error instanceof ClientLeft) return;
      // A bug of ours: the client gets an answer, the process lives, the log gets the stack.
      process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      if (!res.headersSent) say(res, 500, 'internal_error', 'The gateway failed on this request');
      else res.destroy();
    });
    underway.add(one);
    void one.finally(() => underway.delete(one));
  };
  const server = createServer(
    {
      keepAliveTimeout: 65_000,
      requestTimeout: 300_000,
      // Any other upgrade (h2c, say) is an offer that may be passed over.
      shouldUpgradeCallback: (req) => /websocket/i.test(req.headers.upgrade ?? ''),
    },
    answer,
  );
  server.on('upgrade', (_req, socket: Socket) => refuseUpgrade(socket));

  return {
    server,
    answer,
    inFlight: () => underway.size,
    close: async (graceMs) => {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await settled(underway, graceMs);
      server.closeAllConnections();
      await closed;
      // What was cut off just now still makes its events.
      await settled(underway, 2_000);
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      // A drain that was read on for a client that had left ends only with its connection.
      await settled(underway, 2_000);
    },
  };
};

const unproven: GatewayIdentity = { consumer: null, user: null, route: null };

/** Resolves when the set is empty, also of what joined it meanwhile, or when the time is up. */
const settled = async (underway: ReadonlySet<Promise<void>>, timeMs: number): Promise<void> => {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<'up'>();
  const timer = setTimeout(() => resolve('up'), timeMs);
  while (underway.size > 0 && (await Promise.race([Promise.all(underway), timeIsUp])) !== 'up');
  clearTimeout(timer);
};

const unwatched = (target: string, body: Uint8Array | null): Forwarded => ({
  action: 'forward',
  target,
  body,
  headers: {},
  answerHeaders: {},
  call: null,
  retry: null,
});
