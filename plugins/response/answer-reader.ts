/** Reads one answer as its bytes pass by: decompress → frame → dialect. Never throws, whatever the bytes are. */

import type { Inflater, Platform } from '../contract.ts';
import type { Dialect, Reading } from '../dialects/dialect.ts';
import { recognised } from '../dialects/other.ts';
import { object } from '../dialects/read.ts';
import { AwsEventStreamReader } from '../framing/aws-event-stream.ts';
import { JsonArrayReader } from '../framing/json-array.ts';
import { NdjsonReader } from '../framing/ndjson.ts';
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
  /** The format read: at an unknown path, what the answer turns out to be. */
  dialect: Dialect;
  readonly #wantsStream: boolean;
  readonly #reading: Reading;
  readonly #limit: number;
  readonly #type: string;
  readonly #inflater: Inflater | null;
  #framing: StreamReader | WholeBody | null = null;
  #firstText = true;
  #parsed = 0;

  /** @param limit bytes of a whole body that are kept and read; @param wantsStream the request asked for a stream. */
  constructor(
    dialect: Dialect,
    reading: Reading,
    platform: Platform,
    headers: Headers,
    limit: number,
    wantsStream: boolean,
  ) {
    this.dialect = dialect;
    this.#wantsStream = wantsStream;
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
    return this.#framing !== null && !(this.#framing instanceof WholeBody);
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
    this.#framing ??= this.#framingOf(bytes);
    this.#framing.push(bytes);
  }

  #framingOf(bytes: Uint8Array): StreamReader | WholeBody {
    if (this.#type.includes('vnd.amazon.eventstream')) return new AwsEventStreamReader(this.#onEvent);
    if (isEventStream(bytes, this.#type)) return new SseReader(this.#onEvent);
    const { framing } = this.dialect;
    if (linesTypes.test(this.#type) || (framing === 'ndjson' && this.#wantsStream))
      return new NdjsonReader(this.#onEvent);
    if (framing === 'json-array' && firstByte(bytes) === '[') return new JsonArrayReader(this.#onEvent);
    return new WholeBody(this.#limit);
  }

  #finish(): void {
    if (this.#framing !== null && !(this.#framing instanceof WholeBody)) {
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
    if (whole) {
      if (this.dialect.name === 'unknown') this.dialect = recognised(whole, null) ?? this.dialect;
      this.dialect.whole(this.#reading, whole);
    } else {
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
      const chars = this.dialect.onlyText?.(name, text) ?? -1;
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
    if (this.#parsed++ === 0 && this.dialect.name === 'unknown') this.dialect = recognised(event, name) ?? this.dialect;
    this.dialect.event(this.#reading, name, event);
    if (this.#reading.outputChars > 0) this.#firstText = false;
  };
}

interface StreamReader {
  /** Frames that could not be kept or read. */
  readonly lost: number;
  push(bytes: Uint8Array): void;
  end(): void;
}

const linesTypes = /ndjson|jsonl|json-seq|stream\+json/;

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

const firstByte = (bytes: Uint8Array): string => latin1.decode(bytes.subarray(0, 64)).trimStart().charAt(0);

const latin1 = new TextDecoder('latin1');
const lineStarts = ['data:', 'event:', ':'];
