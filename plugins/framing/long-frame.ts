/** One SSE frame that is too long to keep: read line by line, its data made small on the way. */
import { HeldBytes } from './held-bytes.ts';
import { JsonSlimmer } from './json-slimmer.ts';

const LF = 10;
const CR = 13;
const space = 0x20;
/** Of a line that holds no data so much is kept: a name. */
const nameBytes = 1024;
/** `data:` and what may be a space. */
const fieldBytes = 6;

const utf8 = new TextDecoder();
const lineFeed = Uint8Array.of(LF);

export class LongFrame {
  readonly #data = new JsonSlimmer();
  readonly #line = new HeldBytes();
  #event: string | null = null;
  #inData = false;
  #hasData = false;

  push(piece: Uint8Array): void {
    let at = 0;
    let lf = -1;
    let cr = -1;
    while (at < piece.length) {
      if (lf < at) lf = placeOf(piece, LF, at);
      if (cr < at) cr = placeOf(piece, CR, at);
      const end = Math.min(lf, cr);
      this.#part(piece.subarray(at, end));
      if (end < piece.length) this.#endLine();
      at = end + 1;
    }
  }

  /** The event; `text` is null when its data is no JSON. */
  end(): { event: string | null; text: string | null } {
    this.#endLine();
    return { event: this.#event, text: this.#data.text() };
  }

  #part(bytes: Uint8Array): void {
    if (this.#inData) {
      this.#data.push(bytes);
      return;
    }
    const name = bytes.subarray(0, Math.max(0, fieldBytes - this.#line.length));
    this.#line.append(name);
    const rest = bytes.subarray(name.length);
    if (this.#line.length >= fieldBytes && utf8.decode(this.#line.view(0, 5)) === 'data:') {
      this.#inData = true;
      if (this.#hasData) this.#data.push(lineFeed);
      this.#hasData = true;
      this.#data.push(this.#line.view(this.#line.view()[5] === space ? 6 : 5));
      this.#data.push(rest);
    } else this.#line.append(rest.subarray(0, nameBytes - this.#line.length));
  }

  #endLine(): void {
    const line = this.#inData ? '' : utf8.decode(this.#line.view());
    if (line.startsWith('event:')) this.#event = line.slice(line.charCodeAt(6) === space ? 7 : 6);
    this.#line.length = 0;
    this.#inData = false;
  }
}

/** Index of a byte, or the length where there is none. */
const placeOf = (bytes: Uint8Array, byte: number, from: number): number => {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
};
