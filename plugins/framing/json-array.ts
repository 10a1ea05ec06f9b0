/** One JSON array that arrives piece by piece: bytes → text of each of its elements, as soon as it is complete. */
import { JsonText } from './json-text.ts';
import type { OnEvent } from './sse.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Sets the bit by which `{` and `[` differ, and `}` and `]`. */
const brace = 0x20;

/** Reads elements from bytes cut anywhere. `lost` counts long elements that were no JSON. */
export class JsonArrayReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #element = new JsonText();
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      if (byte === quote) this.#inString = true;
      else if ((byte | brace) === openBrace) {
        if (this.#depth++ === 0) start = at + 1;
      } else if (this.#depth > 0 && (byte | brace) === closeBrace) {
        if (--this.#depth > 0) continue;
        this.#give(chunk.subarray(start, at));
      } else if (byte === comma && this.#depth === 1) {
        this.#give(chunk.subarray(start, at));
        start = at + 1;
      }
    }
    if (this.#depth > 0 && start < chunk.length) this.#element.push(chunk.subarray(start), false);
  }

  /** An element that was cut off is given as it is: whoever reads it sees that it is no JSON. */
  end(): void {
    this.#give(new Uint8Array(0));
  }

  /** Index of the last byte of the string, or of the chunk. */
  #skipString(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#escaped) at++;
    this.#escaped = false;
    for (;;) {
      const end = chunk.indexOf(quote, at);
      const stop = end < 0 ? chunk.length : end;
      let back = stop;
      while (back > at && chunk[back - 1] === backslash) back--;
      const escapes = (stop - back) % 2 === 1;
      if (end < 0) {
        this.#escaped = escapes;
        return chunk.length;
      }
      if (!escapes) {
        this.#inString = false;
        return end;
      }
      at = end + 1;
    }
  }

  #give(rest: Uint8Array): void {
    this.#element.push(rest, true);
    const text = this.#element.take()?.trim();
    if (text === undefined) this.lost++;
    else if (text !== '') this.#onEvent(null, text);
  }
}
