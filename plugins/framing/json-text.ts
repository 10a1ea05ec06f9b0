/** The text of one JSON value that arrives piece by piece: as it stands, or made small when it is long. */
import { HeldBytes } from './held-bytes.ts';
import { JsonSlimmer } from './json-slimmer.ts';

/** A value up to here is kept as it is; bytes. */
export const wholeBytes = 1024 * 1024;

const utf8 = new TextDecoder();
const none = new Uint8Array(0);

/** Memory: never more than a few times `wholeBytes`, however long the value is. */
export class JsonText {
  readonly #limit: number;
  #held: HeldBytes | null = null;
  #slimmer: JsonSlimmer | null = null;
  /** The only piece so far: most values come in one, which is then never copied. */
  #only: Uint8Array | null = null;

  /** @param limit bytes, at most `wholeBytes`. */
  constructor(limit: number = wholeBytes) {
    this.#limit = Math.min(limit, wholeBytes);
  }

  /** @param bytes must stay as they are during this turn; beyond it with `stays` only. */
  push(bytes: Uint8Array, stays: boolean): void {
    if (this.#slimmer) this.#slimmer.push(bytes);
    else if (this.#length + bytes.length > this.#limit) this.#slim(bytes);
    else if (this.#length === 0 && stays) this.#only = bytes;
    else {
      this.#held ??= new HeldBytes();
      if (this.#only) this.#held.append(this.#only);
      this.#only = null;
      this.#held.append(bytes);
    }
  }

  get #length(): number {
    return (this.#only ?? this.#held)?.length ?? 0;
  }

  #slim(bytes: Uint8Array): void {
    this.#slimmer = new JsonSlimmer();
    this.#slimmer.push(this.#bytes());
    this.#slimmer.push(bytes);
    this.#only = null;
    this.#held = null;
  }

  /** The text, and room for the next value; null when it was long and no JSON. */
  take(): string | null {
    const text = this.#slimmer ? this.#slimmer.text() : utf8.decode(this.#bytes());
    this.#slimmer = null;
    this.#only = null;
    if (this.#held) this.#held.length = 0;
    return text;
  }

  #bytes(): Uint8Array {
    return this.#only ?? this.#held?.view() ?? none;
  }
}
