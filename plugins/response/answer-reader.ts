/** Reads one answer as its bytes pass by: decompress → frame → dialect. Never throws, whatever the bytes are. */

import type { Inflater, Platform } from '../contract.ts';
import type { Dialect, Reading } from '../dialects/dialect.ts';
import { object } from '../dialects/read.ts';
import { SseReader } from '../framing/sse.ts';
import { WholeBody } from '../framing/whole-body.ts';
import type { Headers, Json } from '../wire.ts';

/** More than one is hardly ever seen; each costs memory. */
const maxEncodings = 2;

export class AnswerReader {
  /** Frames of a stream; 0 for a whole body. */
  frames = 0;
  /** The answer could not be decoded: broken compression, not JSON, too long. */
  unreadable = false;
  /** First bytes of an error answer that is not JSON. */
  plainText: string | null = null;
  readonly #dialect: Dialect;
  readonly #reading: Reading;
  readonly #limit: number;
  readonly #type: string;
  readonly #inflater: Inflater | null;
  #framing: SseReader | WholeBody | null = null;
  #firstText = true;
  #parsed = 0;

  /** @param limit bytes of a whole body that are kept and read. */
  constructor(dialect: Dialect, reading: Reading, platform: Platform, headers: Headers, limit: number) {
    this.#dialect = dialect;
    this.#reading = reading;
    this.#limit = limit;
    this.#type = headers['content-type'] ?? '';
    const encodings = (headers['content-encoding'] ?? '')
      .toLowerCase()
      .split(/\s*,\s*/)
      .filter((name) => name !== '' && name !== 'identity');
    const packed = encodings.length > 0;
    this.#inflater = packed && encodings.length <= maxEncodings ? this.#unpack(encodings, platform) : null;
    this.unreadable = packed && this.#inflater === null;
  }

  get isStream(): boolean {
    return this.#framing instanceof SseReader;
  }

  push(chunk: Uint8Array): void {
    if (this.unreadable) return;
    if (this.#inflater) this.#inflater.push(chunk);
    else this.#read(chunk);
  }

  /** Takes an event that was cut out and decoded already. */
  event(name: string | null, text: string): void {
    this.#framing ??= new SseReader(this.#onEvent);
    this.#onEvent(name, text);
  }

  /** A promise only when compressed bytes are still on their way through. */
  end(): void | Promise<void> {
    if (!this.#inflater) return this.#finish();
    return this.#inflater.end().then((whole) => {
      if (!whole) this.unreadable = true;
      this.#finish();
    });
  }

  /** Undoes the encodings from the last to the first, as they were applied in their order. */
  #unpack(encodings: readonly string[], platform: Platform): Inflater | null {
    const stages: Inflater[] = [];
    let next = (bytes: Uint8Array): void => this.#read(bytes);
    for (const encoding of encodings) {
      const stage = platform.inflate(encoding, next);
      if (stage === null) return null;
      stages.unshift(stage);
      next = (bytes) => stage.push(bytes);
    }
    return {
      push: next,
      end: async () => {
        let whole = true;
        for (const stage of stages) whole = (await stage.end()) && whole;
        return whole;
      },
    };
  }

  #read(bytes: Uint8Array): void {
    this.#framing ??= isEventStream(bytes, this.#type) ? new SseReader(this.#onEvent) : new WholeBody(this.#limit);
    this.#framing.push(bytes);
  }

  #finish(): void {
    if (this.#framing instanceof SseReader) {
      this.#framing.end();
      if (this.#framing.lost > 0 || this.#parsed === 0) this.unreadable = true;
      return;
    }
    const text = this.#framing?.text() ?? null;
    if (text === null) {
      this.unreadable = true;
      return;
    }
    const answer = parse(text);
    // Some servers wrap an error into a list of one.
    const whole = object(Array.isArray(answer) ? answer[0] : answer);
    if (whole) this.#dialect.whole(this.#reading, whole);
    else {
      this.unreadable = true;
      this.plainText = text.slice(0, 1024);
    }
  }

  readonly #onEvent = (name: string | null, text: string): void => {
    this.frames++;
    if (text === '[DONE]') {
      this.#reading.complete = true;
      return;
    }
    // The first text is always parsed: until then the model and the id are not known.
    if (this.#reading.text === null && !this.#firstText) {
      const chars = this.#dialect.onlyText(name, text);
      if (chars >= 0) {
        this.#reading.outputChars += chars;
        return;
      }
    }
    const event = object(parse(text));
    if (!event) {
      // Not an event stream at all, e.g. a proxy's HTML page: kept for the error message.
      this.plainText ??= text.slice(0, 1024);
      return;
    }
    this.#parsed++;
    this.#dialect.event(this.#reading, name, event);
    if (this.#reading.outputChars > 0) this.#firstText = false;
  };
}

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
};

/** What the body begins with counts more than its type: errors come as JSON under a stream's type, streams under JSON's. */
export const isEventStream = (bytes: Uint8Array, type: string): boolean => {
  const head = latin1.decode(bytes.subarray(0, 64)).replace(/^[\s\u00ef\u00bb\u00bf]+/, '');
  if (/^[{[<]/.test(head)) return false;
  return (
    type.includes('event-stream') ||
    lineStarts.some((start) =>
      head.length < start.length ? head !== '' && start.startsWith(head) : head.startsWith(start),
    )
  );
};

const latin1 = new TextDecoder('latin1');
const lineStarts = ['data:', 'event:', ':'];
