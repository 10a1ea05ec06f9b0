/** A raw connection that carries one call at a time. */
import { connect, type Socket } from 'node:net';
import { type MessageParts, MessageReader } from './message-reader.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface AnswerParts extends MessageParts {
  /** The connection is gone, in the middle of an answer or not. */
  lost(reason: string): void;
}

const readBytes = 32 * 1024;

export class Connection {
  readonly #socket: Socket;
  #parts: AnswerParts | null = null;

  private constructor({ host, port }: Address, opened: () => void, failed: (error: Error) => void) {
    const reader = new MessageReader({
      head: (text) => this.#parts?.head(text),
      body: (bytes, from, to) => this.#parts?.body(bytes, from, to),
      end: () => this.#parts?.end(),
    });
    let reason = 'the gateway closed the connection';
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      // Read into one place over and over: a buffer per read would cost more than the reading.
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback: (length, buffer) => {
          try {
            reader.push((buffer as Buffer).subarray(0, length));
          } catch (error) {
            this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
          }
          return true;
        },
      },
    });
    this.#socket.once('connect', opened);
    this.#socket.on('error', (error) => {
      reason = error.message;
      failed(error);
    });
    this.#socket.once('close', () => this.#parts?.lost(reason));
  }

  static open(address: Address): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(address, () => resolve(connection), reject);
    });
  }

  /** Where the answers go from now on. */
  listen(parts: AnswerParts): void {
    this.#parts = parts;
  }

  send(request: Uint8Array): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#parts = null;
    this.#socket.destroy();
  }
}

/** Opens connections a few at a time, so that no listen queue overflows. */
export const openConnections = async (address: Address, count: number): Promise<Connection[]> => {
  const connections: Connection[] = [];
  while (connections.length < count) {
    const batch = Math.min(64, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: batch }, () => Connection.open(address)))));
  }
  return connections;
};
