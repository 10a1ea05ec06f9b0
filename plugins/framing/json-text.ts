/** The text of one JSON value that arrives piece by piece: as it stands, or made small when it is long. */
import { HeldBlocks } from './held-blocks.ts';
import { JsonSlimmer } from './json-slimmer.ts';

/** A value up to here is kept as it is; bytes. */
export const wholeBytes = 1024 * 1024;

const utf8 = new TextDecoder();

/** Memory: never much more than `wholeBytes`, however long the value is. */
export class JsonText {
  readonly #limit: number;
  #held: HeldBlocks | null = null;
  #slimmer: JsonSlimmer | null = null;
  /** The only piece so far: most values come in one, which is then never copied. */
  #only: Uint8Array | null = null;

  /** @param limit bytes, at most `wholeBytes`. */
  constructor(limit: number = wholeBytes) {
    this.#limit = Math.min(limit, wholeBytes);
  }

  /** @param stays the bytes are not changed later. */
  push(bytes: Uint8Array, stays: boolean): void {
    if (this.#slimmer) this.#slimmer.push(bytes);
    else if (this.#length + bytes.length > this.#limit) this.#slim(bytes);
    else if (this.#length === 0 && stays) this.#only = bytes;
    else {
      this.#held ??= new HeldBlocks();
      if (this.#only) this.#held.append(this.#only);
      this.#only = null;
      this.#held.append(bytes);
    }
  }

  /** The text, and room for the next value; null when it was long and no JSON. */
  take(): string | null {
    const text = this.#slimmer ? this.#slimmer.text() : this.#only ? utf8.decode(this.#only) : decoded(this.#held);
    this.#slimmer = null;
    this.#only = null;
    this.#held = null;
    return text;
  }

  /** As `take`, also of a long value that broke off: its brackets are open then. */
  takeBegun(): string | null {
    const begun = this.#slimmer?.begun() ?? null;
    return this.take() ?? begun;
  }

  get #length(): number {
    return (this.#only ?? this.#held)?.length ?? 0;
  }

  #slim(bytes: Uint8Array): void {
    this.#slimmer = new JsonSlimmer();
    for (const block of this.#only ? [this.#only] : (this.#held?.blocks() ?? [])) this.#slimmer.push(block);
    this.#slimmer.push(bytes);
    this.#only = null;
    this.#held = null;
  }
}

const decoded = (held: HeldBlocks | null): string => {
  if (held === null) return '';
  const blocks = held.blocks();
  if (blocks.length === 1) return utf8.decode(blocks[0]);
  const decoder = new TextDecoder();
  let text = '';
  for (const block of blocks) text += decoder.decode(block, { stream: true });
  return text + decoder.decode();
};
