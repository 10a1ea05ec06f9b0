/** An HTTP server between a client and a real one: passes requests on, or answers in the other's place. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { request } from 'undici';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Between {
  readonly url: string;
  /** All requests, in order. */
  readonly asked: readonly Asked[];
}

/** `forward` asks the real server; `cut` ends the connection without a word. */
export const between = async (
  t: TestContext,
  target: string,
  answer: (asked: Asked, forward: () => Promise<Answered>) => Answered | 'cut' | Promise<Answered | 'cut'>,
): Promise<Between> => {
  const all: Asked[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const asked: Asked = {
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: incoming.headers,
      body: Buffer.concat(await incoming.toArray()),
    };
    all.push(asked);
    const forward = async (): Promise<Answered> => {
      const { host, connection, 'content-length': length, ...headers } = asked.headers;
      const options = { method: asked.method, headers, ...(asked.body.length > 0 && { body: asked.body }) };
      const real = await request(`${target}${asked.path}`, options as Parameters<typeof request>[1]);
      const product = real.headers['x-elastic-product'];
      return {
        status: real.statusCode,
        headers: {
          'content-type': String(real.headers['content-type']),
          ...(product !== undefined && { 'x-elastic-product': String(product) }),
        },
        body: await real.body.text(),
      };
    };
    const answered = await Promise.resolve(answer(asked, forward)).catch((): 'cut' => 'cut');
    if (answered === 'cut') outgoing.destroy();
    else outgoing.writeHead(answered.status, answered.headers).end(answered.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: all };
};
