/** One JSON array that arrives piece by piece: bytes → text of each of its elements, as soon as it is complete. */

import { maxFrameBytes } from './splitter.ts';
import type { OnEvent } from './sse.ts';

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Reads elements from bytes cut anywhere. `lost` counts elements too long to keep. */
export class JsonArrayReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #limit: number;
  #decoder = new TextDecoder();
  #text = '';
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(onEvent: OnEvent, limit = maxFrameBytes) {
    this.#onEvent = onEvent;
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
      } else if (byte === quote) this.#inString = true;
      else if (byte === openBrace || byte === openBracket) {
        if (this.#depth++ === 0) start = at + 1;
      } else if (byte === closeBrace || byte === closeBracket || (byte === comma && this.#depth === 1)) {
        if (byte !== comma) this.#depth--;
        if (this.#depth === (byte === comma ? 1 : 0)) {
          this.#keep(chunk.subarray(start, at));
          this.#give();
          start = at + 1;
        }
      }
    }
    if (this.#depth > 0 && start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** An element that was cut off is given as it is: whoever reads it sees that it is no JSON. */
  end(): void {
    this.#give();
  }

  #keep(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limit) this.#text = '';
    else this.#text += this.#decoder.decode(bytes, { stream: true });
  }

  #give(): void {
    const tooLong = this.#bytes > this.#limit;
    const text = (this.#text + this.#decoder.decode()).trim();
    this.#text = '';
    this.#bytes = 0;
    this.#decoder = new TextDecoder();
    if (tooLong) this.lost++;
    else if (text !== '') this.#onEvent(null, text);
  }
}
