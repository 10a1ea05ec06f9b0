/** A body that is read as one piece: collected up to a limit, decoded once at its end. */

export class WholeBody {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #overflow = false;

  /** @param limit bytes; a longer body is counted but not kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#length > this.#limit) {
      this.#overflow = true;
      this.#chunks = [];
    } else if (!this.#overflow) this.#chunks.push(chunk);
  }

  /** The text, or null when the body was longer than the limit. */
  text(): string | null {
    if (this.#overflow) return null;
    if (this.#chunks.length === 1) return new TextDecoder().decode(this.#chunks[0]);
    const decoder = new TextDecoder();
    let text = '';
    for (const chunk of this.#chunks) text += decoder.decode(chunk, { stream: true });
    return text + decoder.decode();
  }
}
