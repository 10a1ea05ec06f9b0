/** Reads HTTP/1.1 messages off a connection: as much of RFC 9112 as the two ends of a benchmark send each other. */

export interface MessageParts {
  /** Start line and header lines. */
  head(text: string): void;
  /** Bytes from `from` up to `to` of `bytes` are body; they are valid during the call only. */
  body(bytes: Buffer, from: number, to: number): void;
  end(): void;
}

type Expecting = 'head' | 'fixed' | 'chunk size' | 'chunk' | 'chunk end' | 'last line';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export class MessageReader {
  readonly #parts: MessageParts;
  #expecting: Expecting = 'head';
  /** The begun head. */
  #head = '';
  /** Bytes to come of the body or the chunk. */
  #left = 0;

  constructor(parts: MessageParts) {
    this.#parts = parts;
  }

  /** Throws on what it does not know: a peer of the benchmark is broken then. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#expecting) {
      case 'head':
        return this.#readHead(bytes, at);
      case 'fixed':
      case 'chunk':
        return this.#readBody(bytes, at);
      case 'chunk size':
        return this.#readSize(bytes, at);
      case 'chunk end':
        if (bytes[at] === lineFeed) this.#expecting = 'chunk size';
        return at + 1;
      case 'last line':
        if (bytes[at] === lineFeed) this.#finish();
        return at + 1;
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const before = this.#head.length;
    const text = this.#head + bytes.toString('latin1', at);
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) {
      this.#head = text;
      return bytes.length;
    }
    const head = text.slice(0, end);
    this.#head = '';
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#left = Number(length ?? 0);
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#expecting = 'chunk size';
    else if (length !== undefined) this.#expecting = 'fixed';
    else throw new Error(`an HTTP message without a length: ${head.slice(0, 200)}`);
    this.#parts.head(head);
    if (this.#expecting === 'fixed' && this.#left === 0) this.#finish();
    return at + end + 4 - before;
  }

  #readBody(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.#left);
    this.#left -= to - at;
    this.#parts.body(bytes, at, to);
    if (this.#left === 0) {
      if (this.#expecting === 'fixed') this.#finish();
      else this.#expecting = 'chunk end';
    }
    return to;
  }

  #readSize(bytes: Buffer, at: number): number {
    const byte = bytes[at] ?? 0;
    if (byte === lineFeed) this.#expecting = this.#left === 0 ? 'last line' : 'chunk';
    else if (byte !== carriageReturn) {
      const digit = Number.parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) throw new Error('a broken chunk size');
      this.#left = 16 * this.#left + digit;
    }
    return at + 1;
  }

  #finish(): void {
    this.#expecting = 'head';
    this.#left = 0;
    this.#parts.end();
  }
}
