/** One JSON value a line: bytes → text of each line that is not blank. */

import { maxFrameBytes } from './splitter.ts';
import type { OnEvent } from './sse.ts';

const LF = 10;
const utf8 = new TextDecoder();

/** Reads lines from bytes cut anywhere. `lost` counts lines too long to keep. */
export class NdjsonReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #limit: number;
  #held: Uint8Array[] = [];
  #length = 0;

  constructor(onEvent: OnEvent, limit = maxFrameBytes) {
    this.#onEvent = onEvent;
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#hold(chunk.subarray(start, end));
      this.#give();
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.slice(start));
  }

  end(): void {
    this.#give();
  }

  #hold(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > this.#limit) this.#held = [];
    else this.#held.push(bytes);
  }

  #give(): void {
    const held = this.#held;
    const length = this.#length;
    this.#held = [];
    this.#length = 0;
    if (length > this.#limit) {
      this.lost++;
      return;
    }
    const decoder = held.length > 1 ? new TextDecoder() : null;
    const line = decoder
      ? held.map((bytes) => decoder.decode(bytes, { stream: true })).join('') + decoder.decode()
      : utf8.decode(held[0]);
    const text = line.trim();
    if (text !== '') this.#onEvent(null, text);
  }
}
