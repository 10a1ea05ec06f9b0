/** Cuts a byte stream into SSE frames, wherever the network cut it, without looking inside. */

const LF = 10;
const CR = 13;

/** A frame longer than this is not an event of any known API: its bytes are passed on, its content is not kept. */
export const maxFrameBytes = 16 * 1024 * 1024;

/**
 * Calls `onFrame` with the bytes of each complete frame, blank line included: a blank line ends a frame, a line ends
 * with LF, CRLF or CR (WHATWG HTML, "Server-sent events"). The bytes are valid only during the call.
 * Memory: one incomplete frame, at most `limit` bytes; of a longer one only the end is given, with `whole` false.
 */
export class FrameSplitter {
  readonly #onFrame: (frame: Uint8Array, whole: boolean) => void;
  readonly #limit: number;
  #held: Uint8Array = new Uint8Array(0);
  #length = 0;
  #whole = true;
  // Where the scan stands: at the start of an empty line, and just behind a CR (whose LF belongs to it).
  #lineIsEmpty = true;
  #afterCr = false;
  #nextCr = -1;

  constructor(onFrame: (frame: Uint8Array, whole: boolean) => void, limit = maxFrameBytes) {
    this.#onFrame = onFrame;
    this.#limit = limit;
  }

  /** Bytes of the incomplete frame that is held. */
  get held(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    this.#nextCr = -1;
    let start = 0;
    for (let end = this.#nextEnd(chunk, 0); end >= 0; end = this.#nextEnd(chunk, start)) {
      this.#give(chunk.subarray(start, end));
      start = end;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The bytes behind the last blank line, if any: some servers close without one. */
  end(): void {
    if (this.#length > 0) this.#give(new Uint8Array(0));
  }

  /** A copy of the held bytes from `start` on. */
  heldFrom(start: number): Uint8Array {
    return this.#held.slice(start, this.#length);
  }

  /** Gives the incomplete frame up: its end comes as not whole. */
  forget(): void {
    this.#length = 0;
    this.#whole = false;
  }

  #give(tail: Uint8Array): void {
    if (this.#length === 0 && this.#whole) {
      this.#onFrame(tail, true);
      return;
    }
    if (tail.length > 0) this.#hold(tail);
    const frame = this.#held.subarray(0, this.#length);
    const whole = this.#whole;
    this.#length = 0;
    this.#whole = true;
    this.#onFrame(frame, whole);
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#limit) {
      this.#length = 0;
      this.#whole = false;
      return;
    }
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#held.length, 1024));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }

  /** Index behind the next blank line at or after `from`, or -1. */
  #nextEnd(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at];
      if (this.#afterCr) {
        this.#afterCr = false;
        if (byte === LF) {
          at++;
          continue;
        }
      }
      if (byte === LF || byte === CR) {
        at++;
        // The LF of a blank line's CRLF would open the next frame: it is taken with this one when it is here already.
        this.#afterCr = byte === CR;
        if (this.#afterCr && chunk[at] === LF) {
          at++;
          this.#afterCr = false;
        }
        if (this.#lineIsEmpty) return at;
        this.#lineIsEmpty = true;
        continue;
      }
      this.#lineIsEmpty = false;
      at = this.#lineEnd(chunk, at);
    }
    return -1;
  }

  /** Index of the next LF or CR, or the chunk's end. CR is rare, so its place is looked up once and remembered. */
  #lineEnd(chunk: Uint8Array, from: number): number {
    const lf = chunk.indexOf(LF, from);
    const end = lf < 0 ? chunk.length : lf;
    if (this.#nextCr < from) {
      const cr = chunk.indexOf(CR, from);
      this.#nextCr = cr < 0 ? chunk.length : cr;
    }
    return Math.min(end, this.#nextCr);
  }
}
