/** The provider's process: answers from rendered bytes on raw sockets, one write per chunk, to be no bottleneck. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serve } from '../process.ts';
import { MessageReader } from '../wire/message-reader.ts';
import { stampedChunk } from '../wire/stamped-stream.ts';
import { closingEvents, plainAnswer, streamEvents } from '../wire/traffic.ts';
import { cpu } from './cpu.ts';
import { Wheel } from './wheel.ts';

/** Streams are written at once, or paced: so many stamped chunks each, one every so many milliseconds. */
export interface Pace {
  readonly chunks: number;
  readonly everyMs: number;
}

const head = (lines: readonly string[]): string => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;
const streamHead = head([
  'Content-Type: text/event-stream; charset=utf-8',
  'Cache-Control: no-cache',
  'Transfer-Encoding: chunked',
]);
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const lastChunk = '0\r\n\r\n';

/** Each becomes one write; the head goes with the first, the end with the last. */
const writes = (events: readonly string[], before: string): Buffer[] =>
  events.map((text, index) =>
    Buffer.from((index === 0 ? before : '') + chunk(text) + (index === events.length - 1 ? lastChunk : '')),
  );

const plain = Buffer.from(
  head(['Content-Type: application/json', `Content-Length: ${plainAnswer().length}`]) + plainAnswer(),
);
const stream = { asked: writes(streamEvents(true), streamHead), unasked: writes(streamEvents(false), streamHead) };
const closing = { asked: writes(closingEvents(true), ''), unasked: writes(closingEvents(false), '') };

const served = { plain: 0, streams: 0, chunks: 0, underway: 0, mostAtOnce: 0 };
let pace: Pace | null = null;
let wheel: Wheel | null = null;

const writeAll = (socket: Socket, buffers: readonly Buffer[]): void => {
  for (const bytes of buffers) socket.write(bytes);
  served.chunks += buffers.length;
};

const paced = (socket: Socket, turning: Wheel, chunks: number, asked: boolean): void => {
  served.mostAtOnce = Math.max(served.mostAtOnce, ++served.underway);
  socket.write(streamHead);
  let sent = 0;
  turning.add(() => {
    if (socket.destroyed) {
      served.underway--;
      return false;
    }
    socket.write(stampedChunk());
    served.chunks++;
    if (++sent < chunks) return true;
    writeAll(socket, asked ? closing.asked : closing.unasked);
    served.underway--;
    return false;
  });
};

const answer = (socket: Socket, body: string): void => {
  if (!body.includes('"stream":true')) {
    served.plain++;
    socket.write(plain);
    return;
  }
  served.streams++;
  const asked = body.includes('"include_usage":true');
  if (pace && wheel) paced(socket, wheel, pace.chunks, asked);
  else writeAll(socket, asked ? stream.asked : stream.unasked);
};

const server = createServer({ noDelay: true }, (socket) => {
  let body = '';
  const reader = new MessageReader({
    head: () => {
      body = '';
    },
    body: (bytes, from, to) => {
      body += bytes.toString('latin1', from, to);
    },
    end: () => answer(socket, body),
  });
  socket.on('data', (bytes: Buffer) => reader.push(bytes));
  // A gateway that is stopped cuts its connections.
  socket.on('error', () => {});
});

const services = {
  cpu,
  listen: (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () =>
        resolve((server.address() as AddressInfo).port),
      );
    }),
  /** Paces the streams that begin from now on; null: no longer. */
  pace: (wanted: Pace | null): void => {
    wheel?.stop();
    pace = wanted;
    wheel = wanted && new Wheel(wanted.everyMs);
  },
  /** What was answered since the last asking. */
  served: () => {
    const { plain, streams, chunks, mostAtOnce } = served;
    Object.assign(served, { plain: 0, streams: 0, chunks: 0, mostAtOnce: 0 });
    return { plain, streams, chunks, mostAtOnce };
  },
};

export type UpstreamServices = typeof services;

serve(services);
