/** An error answer that is looked at before it is passed on, as another attempt may take its place. */
import type { IncomingHttpHeaders } from 'node:http';

/** Bytes; a longer answer is passed on unread. */
const maxLength = 64 * 1024;

export class HeldAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly chunks: Buffer[] = [];
  #length = 0;

  constructor(status: number, headers: IncomingHttpHeaders) {
    this.status = status;
    this.headers = headers;
  }

  /** False when it has become too long to hold. */
  push(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.#length += chunk.length;
    return this.#length <= maxLength;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}
