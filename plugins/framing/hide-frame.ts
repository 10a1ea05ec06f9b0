/** Takes one frame out of an SSE stream that we asked for ourselves, and passes every other byte on at once. */
import { FrameSplitter } from './splitter.ts';

/** An incomplete frame is held back no longer than this: the frame we look for is far shorter. */
const maxHeldBytes = 64 * 1024;

/**
 * @param hides whether this complete frame is the one to take out.
 * Complete frames leave in the call in which they complete; at most one incomplete frame is held.
 */
export class FrameHider {
  readonly #splitter: FrameSplitter;
  #out: Uint8Array[] = [];
  #hidden = false;

  constructor(hides: (frame: Uint8Array) => boolean) {
    this.#splitter = new FrameSplitter((frame, whole) => {
      // A copy, as the splitter reuses its buffer and a write may wait in a queue.
      if (whole && hides(frame)) this.#hidden = true;
      else this.#out.push(frame.slice());
    });
  }

  /** The bytes to send on now; empty while only a part of a frame is there. */
  pass(chunk: Uint8Array): Uint8Array {
    const heldBefore = this.#splitter.held;
    this.#hidden = false;
    this.#splitter.push(chunk);
    if (heldBefore === 0 && this.#splitter.held === 0 && !this.#hidden) {
      this.#out = [];
      return chunk;
    }
    if (this.#splitter.held > maxHeldBytes) this.#out.push(this.#splitter.release());
    return this.#take();
  }

  end(): Uint8Array {
    this.#splitter.end();
    return this.#take();
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
