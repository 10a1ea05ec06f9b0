/** Cuts a byte stream into SSE frames, wherever the network cut it, without looking inside. */
import { HeldBytes } from './held-bytes.ts';

const LF = 10;
const CR = 13;

/** A frame longer than this is read on its way: it is a picture, or a whole answer once more. */
const longestHeld = 256 * 1024;

/**
 * Calls `onFrame` with the bytes of each complete frame, blank line included: a blank line ends a frame, a line ends
 * with LF, CRLF or CR (WHATWG HTML, "Server-sent events"). The bytes are valid only during the call.
 * Memory: one incomplete frame, at most `limit` bytes. A longer one goes to `onPiece` as it comes; its end is then an
 * empty frame that is not `whole`.
 */
export class FrameSplitter {
  readonly #onFrame: (frame: Uint8Array, whole: boolean) => void;
  readonly #onPiece: (piece: Uint8Array) => void;
  readonly #limit: number;
  #held = new HeldBytes();
  #whole = true;
  // Where the scan stands: at the start of an empty line, and just behind a CR (whose LF belongs to it).
  #lineIsEmpty = true;
  #afterCr = false;
  #nextCr = -1;

  constructor(
    onFrame: (frame: Uint8Array, whole: boolean) => void,
    onPiece: (piece: Uint8Array) => void,
    limit = longestHeld,
  ) {
    this.#onFrame = onFrame;
    this.#onPiece = onPiece;
    this.#limit = limit;
  }

  /** Bytes of the incomplete frame that is held. */
  get held(): number {
    return this.#held.length;
  }

  /** Nothing is held, and a frame begins with the next byte. */
  get isIdle(): boolean {
    return this.#held.length === 0 && this.#whole && this.#lineIsEmpty && !this.#afterCr;
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

  /**
   * Takes only what completes the frame that is held.
   * @returns the index behind it; 0 when none is held, -1 when the frame is not complete yet, and nothing was taken.
   */
  pushRest(chunk: Uint8Array): number {
    if (this.isIdle) return 0;
    this.#nextCr = -1;
    const lineWasEmpty = this.#lineIsEmpty;
    const end = this.#nextEnd(chunk, 0);
    if (end >= 0) this.#give(chunk.subarray(0, end));
    else this.#lineIsEmpty = lineWasEmpty;
    return end;
  }

  /** The bytes behind the last blank line, if any: some servers close without one. */
  end(): void {
    if (this.#held.length > 0 || !this.#whole) this.#give(new Uint8Array(0));
  }

  /** A copy of the held bytes from `start` on. */
  heldFrom(start: number): Uint8Array {
    return this.#held.view(start).slice();
  }

  #give(tail: Uint8Array): void {
    if (this.#held.length === 0 && this.#whole) {
      this.#onFrame(tail, true);
      return;
    }
    this.#hold(tail);
    const frame = this.#held.view();
    const whole = this.#whole;
    this.#held.length = 0;
    this.#whole = true;
    this.#onFrame(frame, whole);
  }

  #hold(bytes: Uint8Array): void {
    if (this.#whole && this.#held.length + bytes.length <= this.#limit) {
      this.#held.append(bytes);
      return;
    }
    if (this.#whole) {
      this.#whole = false;
      this.#onPiece(this.#held.view());
      this.#held = new HeldBytes();
    }
    this.#onPiece(bytes);
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
