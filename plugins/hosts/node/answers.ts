/** Answers of the gateway itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Refused } from '../../contract.ts';

const errorBody = (code: string, message: string) => ({ error: { message, type: code, param: null, code } });

/** An answer of the gateway itself, as JSON. */
export const say = (res: ServerResponse, status: number, code: string | null, message: string): void => {
  const body = JSON.stringify(code === null ? { status: message } : errorBody(code, message));
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
};

export const refuse = (res: ServerResponse, refused: Refused): void => {
  writeRefusal(res, refused, {});
  res.end();
};

/** Longest time to read on from a client that is still sending what was refused, milliseconds. */
const lingerMs = 2_000;

/**
 * Refuses a request whose body has not been read to its end. Closing at once would reset the connection, and the client
 * would see that instead of the answer: what it still sends is thrown away for a moment.
 */
export const refuseUnread = (req: IncomingMessage, res: ServerResponse, refused: Refused): void => {
  writeRefusal(res, refused, { connection: 'close' });
  const done = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(done, lingerMs);
  req.once('end', done).once('close', done).resume();
};

const writeRefusal = (res: ServerResponse, { status, body, headers }: Refused, more: Record<string, string>): void => {
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
    ...more,
  });
  res.write(body);
};

/** Such a socket is nobody's but ours: its errors must be heard, and its other half closed. */
export const refuseUpgrade = (socket: Socket): void => {
  const message = 'WebSocket and other upgrades are not carried yet; use the HTTP API of this provider';
  const body = JSON.stringify(errorBody('upgrade_not_supported', message));
  const head = [
    'HTTP/1.1 501 Not Implemented',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
};
