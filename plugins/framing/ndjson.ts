/** One JSON value a line: bytes → text of each line that is not blank. */
import { JsonText } from './json-text.ts';
import type { OnEvent } from './sse.ts';

const LF = 10;

/** Reads lines from bytes cut anywhere. `lost` counts long lines that were no JSON. */
export class NdjsonReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #line = new JsonText();

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#line.push(chunk.subarray(start, end), true);
      this.#give();
      start = end + 1;
    }
    if (start < chunk.length) this.#line.push(chunk.subarray(start), false);
  }

  end(): void {
    this.#give();
  }

  #give(): void {
    // RFC 7464 puts a record separator in front of each text.
    const text = this.#line.take()?.replace('\u001e', '').trim();
    if (text === undefined) this.lost++;
    else if (text !== '') this.#onEvent(null, text);
  }
}
