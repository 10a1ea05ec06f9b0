/** Bytes that are collected to be read once: in blocks, so that nothing is copied twice or thrown away on the way. */

const smallest = 4 * 1024;
const largest = 64 * 1024;

export class HeldBlocks {
  length = 0;
  readonly #full: Uint8Array[] = [];
  #last = new Uint8Array(0);
  #filled = 0;

  append(bytes: Uint8Array): void {
    const fits = Math.min(bytes.length, this.#last.length - this.#filled);
    this.#last.set(bytes.subarray(0, fits), this.#filled);
    this.#filled += fits;
    this.length += bytes.length;
    if (fits === bytes.length) return;
    if (this.#filled > 0) this.#full.push(this.#last);
    const rest = bytes.length - fits;
    this.#last = new Uint8Array(Math.max(rest, Math.min(largest, Math.max(smallest, this.length))));
    this.#last.set(bytes.subarray(fits));
    this.#filled = rest;
  }

  /** All bytes, in order. */
  blocks(): Uint8Array[] {
    return [...this.#full, this.#last.subarray(0, this.#filled)];
  }
}
