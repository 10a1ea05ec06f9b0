/** The connections of one Kafka client: all can be cut at once, and no broker can make the client fall over its answer. */
import { connect, isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { ForbiddenAddress, guardOf, type Trust } from '../net/address.ts';
import { survivable } from '../net/survivable.ts';

export interface Sockets {
  /** For kafkajs, which attaches its listeners right after. */
  readonly open: (to: { host: string; port: number; ssl?: ConnectionOptions; onConnect: () => void }) => Socket;
  /** Cuts all of them; none is opened any more. */
  readonly close: () => void;
}

/** Bytes of one answer, far beyond the metadata of a large cluster. */
const longestAnswer = 16 * 1024 ** 2;
/** Every answer begins with the number of its request. */
const shortestAnswer = 4;
const keepAlive = 60_000;

/** Follows the lengths of the frames in a stream of bytes; false as soon as one is not plausible. */
export const frames = (): ((chunk: Buffer) => boolean) => {
  let left = 0;
  let length = 0;
  let lengthBytes = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - at);
        left -= taken;
        at += taken;
        continue;
      }
      length = length * 256 + (chunk[at++] ?? 0);
      if (++lengthBytes < 4) continue;
      if (length < shortestAnswer || length > longestAnswer) return false;
      left = length;
      length = 0;
      lengthBytes = 0;
    }
    return true;
  };
};

/** `trust`: who chose the servers, which in turn name the brokers to connect to. */
export const newSockets = (trust: Trust = 'file'): Sockets => {
  const guard = guardOf(trust);
  const alive = new Set<Socket>();
  let closed = false;
  return {
    open: ({ host, port, ssl, onConnect }) => {
      if (closed) throw new Error('closed');
      // Not thrown: kafkajs would lose its code.
      if (guard.forbids(host)) return new Socket().destroy(new ForbiddenAddress('an address that is not connected to'));
      const to = { host, port, lookup: guard.lookup };
      const socket = ssl
        ? connectTls({ ...to, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
        : connect(to, onConnect);
      socket.setKeepAlive(true, keepAlive);
      alive.add(socket);
      socket.once('close', () => alive.delete(socket));
      return survivable(socket, frames());
    },
    close: () => {
      closed = true;
      // With an error, for kafkajs waits for one and would not notice otherwise.
      for (const socket of alive) socket.destroy(new Error('closed'));
    },
  };
};
