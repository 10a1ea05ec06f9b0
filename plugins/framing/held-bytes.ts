/** Bytes that wait for the rest of what they belong to. */

/** A buffer that grows by doubling: many small pieces cost no more than their bytes. */
export class HeldBytes {
  length = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    this.#reserve(length);
    this.#bytes.set(bytes, this.length);
    this.length = length;
  }

  byte(value: number): void {
    this.#reserve(this.length + 1);
    this.#bytes[this.length++] = value;
  }

  /** The bytes as they stand; valid until the next change. */
  view(from = 0, to = this.length): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length, 1024));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}
