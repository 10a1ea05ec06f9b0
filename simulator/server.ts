/** The provider simulator: OpenAI Chat Completions and Responses and Anthropic Messages on one loopback port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, cutAfter, failed } from './answer.ts';
import { type Call, vendorOf } from './call.ts';
import { createMemory, type Memory } from './memory.ts';
import { createRandom, hash } from './random.ts';
import type { ReplaySource } from './replay.ts';
import { answer } from './routes.ts';
import { send } from './send.ts';
import { parseSimulate, type Simulate } from './simulate-header.ts';

export interface SimulatorOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 1. The same seed gives the same answers. */
  readonly seed?: number;
  /** Serve these recorded exchanges instead of made-up answers. */
  readonly replay?: ReplaySource;
}

export interface Simulator {
  /** E.g. `http://127.0.0.1:41234`. */
  readonly origin: string;
  /** How many requests arrived so far. */
  requests(): number;
  /** Stops listening and breaks off what is still being answered. */
  close(): Promise<void>;
}

const bodyLimit = 64 * 1024 * 1024;

/** The body as text, or null when it is over the limit. The promise stays open when the client leaves. */
const bodyOf = (request: IncomingMessage): Promise<string | null> =>
  new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= bodyLimit) parts.push(part);
      else resolve(null);
    });
    request.on('end', () => resolve(parts.length === 1 ? parts[0]!.toString() : Buffer.concat(parts).toString()));
  });

/** The answer with the status and the headers that `x-simulate` gives it. */
const adjusted = (made: Answer, { status, headers = {} }: Simulate): Answer => {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  if (status === undefined && names.size === 0) return made;
  const kept = made.headers.filter((_, i) => !names.has(made.headers[i - (i % 2)]!));
  const given = Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]);
  return { ...made, status: made.status < 400 ? (status ?? made.status) : made.status, headers: [...kept, ...given] };
};

/** Keys that shape a made-up answer. */
const madeUp = ['status', 'chunks', 'usage', 'error_after_chunks', 'body', 'text', 'model'] as const;

/** Ends early when the client leaves. */
const pause = (ms: number, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });

const acceptsGzip = (request: IncomingMessage): boolean =>
  /(^|[\s,])(gzip|\*)(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(request.headers['accept-encoding'] ?? ''));

const answerTo = async (
  call: Call,
  simulate: Simulate | string,
  memory: Memory,
  replay?: ReplaySource,
): Promise<Answer> => {
  const random = createRandom(hash(call.target, memory.seed));
  const refused = (message: string): Answer => failed(vendorOf(call), random, { status: 400, message });
  if (typeof simulate === 'string') return refused(simulate);
  if (!replay) {
    if (simulate.replay !== undefined)
      return refused('x-simulate: "replay" needs a simulator started with --replay FILE');
    return adjusted(answer(call, simulate, memory), simulate);
  }
  const foreign = madeUp.find((key) => simulate[key] !== undefined);
  if (foreign !== undefined) return refused(`x-simulate: "${foreign}" cannot change a recorded answer`);
  const found = await replay.find(call, simulate.replay);
  if (typeof found === 'string') return failed(vendorOf(call), random, { status: 404, message: found });
  return adjusted(cutAfter(found, simulate.cut_after_chunks), simulate);
};

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  memory: Memory,
  replay?: ReplaySource,
): Promise<void> => {
  const { method = 'GET', url = '/', headers } = request;
  const body = await bodyOf(request);
  const query = url.indexOf('?');
  const call: Call = { method, target: url, path: query < 0 ? url : url.slice(0, query), headers, body: body ?? '' };
  const header = headers['x-simulate'];
  const simulate = parseSimulate(Array.isArray(header) ? header[0] : header);
  const made =
    body === null
      ? failed(vendorOf(call), createRandom(memory.seed), { status: 413 })
      : await answerTo(call, simulate, memory, replay);
  const { delay_ms = 0, chunk_delay_ms = 0, split = null, gzip = false } = typeof simulate === 'string' ? {} : simulate;
  if (delay_ms > 0) await pause(delay_ms, response);
  if (response.destroyed) return;
  await send(response, made, { chunkDelay: chunk_delay_ms, split, gzip: gzip && acceptsGzip(request) });
};

/** Starts the simulator; rejects when the address is taken or not ours. */
export const startSimulator = async ({
  port = 0,
  host = '127.0.0.1',
  seed = 1,
  replay,
}: SimulatorOptions = {}): Promise<Simulator> => {
  const memory = createMemory(seed);
  let requests = 0;
  // A long idle time, so that a client's pool never meets a connection that is just being closed; wide headers for `x-simulate`.
  const server = createServer({ keepAliveTimeout: 65_000, maxHeaderSize: 256 * 1024 }, (request, response) => {
    requests++;
    void serve(request, response, memory, replay);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Benchmarks open a thousand connections at once.
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
