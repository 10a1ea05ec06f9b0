/** Takes one frame out of an SSE stream that we asked for ourselves, and passes every other byte on at once. */
import { FrameSplitter } from './splitter.ts';

const LF = 10;
const CR = 13;

/** An incomplete frame is held back no longer than this: the frame we look for is far shorter. */
const maxHeldBytes = 64 * 1024;
/**
 * Complete frames leave in the call in which they complete; at most one incomplete frame is held.
 * @param hides is shown every complete frame, and says whether it is the one to take out.
 */
export class FrameHider {
  readonly #splitter: FrameSplitter;
  #out: Uint8Array[] = [];
  #hidden = false;
  /** Bytes of the incomplete frame that have left already, and those of them that the splitter no longer holds. */
  #passed = 0;
  #pieces = 0;
  /** A hidden frame ended with CR: the LF that follows at once is its own. */
  #hidesLf = false;

  constructor(hides: (frame: Uint8Array) => boolean) {
    this.#splitter = new FrameSplitter(
      (frame, whole) => {
        const hidden = whole && hides(frame) && this.#passed === 0;
        if (hidden) {
          this.#hidden = true;
          // The network may cut between the CR and the LF of a blank line: each LF goes where its CR went.
          if (frame[0] === LF && !this.#hidesLf) this.#out.push(frame.slice(0, 1));
          this.#hidesLf = frame.at(-1) === CR;
        } else if (whole) this.#send(frame);
        this.#passed = 0;
        this.#pieces = 0;
      },
      (piece) => {
        this.#send(piece);
        this.#pieces += piece.length;
        this.#passed = this.#pieces;
      },
    );
  }

  /** The bytes to send on now; empty while only a part of a frame is there. */
  pass(chunk: Uint8Array): Uint8Array {
    const heldBefore = this.#splitter.held;
    const hidLf = this.#hidesLf;
    this.#hidden = false;
    this.#splitter.push(chunk);
    const { held } = this.#splitter;
    if (heldBefore === 0 && held === 0 && !this.#hidden && !hidLf) {
      this.#out = [];
      return chunk;
    }
    if (held > 0 && (held > maxHeldBytes || this.#passed > 0)) {
      this.#send(this.#splitter.heldFrom(0));
      this.#passed = held;
    }
    return this.#take();
  }

  end(): Uint8Array {
    this.#splitter.end();
    return this.#take();
  }

  /** @param bytes of the frame; those that have left already stay out. A copy, as the splitter reuses its buffer. */
  #send(bytes: Uint8Array): void {
    const isFirst = this.#pieces === 0 && this.#passed === 0;
    const left = isFirst && this.#hidesLf && bytes[0] === LF ? 1 : Math.max(0, this.#passed - this.#pieces);
    if (isFirst) this.#hidesLf = false;
    this.#out.push(bytes.slice(left));
  }

  #take(): Uint8Array {
    const out = this.#out;
    this.#out = [];
    return out.length === 1 && out[0] ? out[0] : concat(out);
  }
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
