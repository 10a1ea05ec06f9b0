/** Reads one answer as its bytes pass by: decompress → frame → dialect. Never throws, whatever the bytes are. */

import type { Inflater, Platform } from '../contract.ts';
import type { Dialect, Reading } from '../dialects/dialect.ts';
import { recognised } from '../dialects/other.ts';
import { object, objects } from '../dialects/read.ts';
import { AwsEventStreamReader } from '../framing/aws-event-stream.ts';
import { concat, withoutBlanks } from '../framing/body-start.ts';
import { closed } from '../framing/cut-json.ts';
import { JsonArrayReader } from '../framing/json-array.ts';
import { JsonText } from '../framing/json-text.ts';
import { NdjsonReader } from '../framing/ndjson.ts';
import { SseReader } from '../framing/sse.ts';
import type { Headers, Json, JsonObject } from '../wire.ts';
import { EventSeries } from './event-series.ts';
import { AnswerText } from './spoken.ts';
import { encodingsOf, unpacker } from './unpack.ts';

/** Event names of a stream whose events are learned. */
const maxSeries = 16;

/** Events of a stream at an unknown path by which its format may show. */
const maxTelling = 16;

export class AnswerReader {
  /** Frames of a stream; 0 for a whole body. */
  frames = 0;
  /** The answer could not be decoded: broken compression, not JSON, too long. */
  unreadable = false;
  /** First bytes of an error answer that is not JSON. */
  plainText: string | null = null;
  /** What the answer said, in case that its tokens must be counted. */
  readonly said = new AnswerText();
  /** The format read: at an unknown path, what the answer turns out to be. */
  dialect: Dialect;
  readonly #wantsStream: boolean;
  readonly #reading: Reading;
  readonly #limit: number;
  readonly #type: string;
  readonly #inflater: Inflater | null;
  #framing: StreamReader | JsonText | null = null;
  /** What came before the framing could be told. */
  #head: Uint8Array | null = null;
  #parsed = 0;
  #series: Map<string | null, EventSeries> | null = null;
  #lastName: string | null = null;
  #lastSeries: EventSeries | null = null;

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
    const encodings = encodingsOf(headers['content-encoding']);
    this.#inflater = encodings.length > 0 ? unpacker(encodings, platform, (bytes) => this.#read(bytes)) : null;
    this.unreadable = encodings.length > 0 && this.#inflater === null;
  }

  get isStream(): boolean {
    return this.#framing !== null && !(this.#framing instanceof JsonText);
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
      this.#finish();
      if (whole) return;
      this.unreadable = true;
      // Its checksum is wrong: so may be the figures that came out.
      if (this.#reading.usage) this.#reading.invalid = true;
    });
  }

  #read(bytes: Uint8Array): void {
    if (this.#framing === null) this.#begin(bytes);
    else if (this.#framing instanceof JsonText) this.#framing.push(bytes, true);
    else this.#framing.push(bytes);
  }

  /** Chooses the framing, once the body's beginning shows it. */
  #begin(bytes: Uint8Array): void {
    const head = this.#head === null ? bytes : concat(this.#head, bytes);
    this.#head = this.#type.includes(awsType) ? head : withoutBlanks(head);
    if (this.#head.length >= longestLineStart || opens.has(this.#head[0] ?? 0)) this.#choose(this.#head);
  }

  #choose(head: Uint8Array): void {
    this.#head = null;
    this.#framing = this.#framingOf(head);
    this.#read(head);
  }

  #framingOf(bytes: Uint8Array): StreamReader | JsonText {
    if (this.#type.includes(awsType)) return new AwsEventStreamReader(this.#onEvent);
    if (isEventStream(bytes, this.#type)) return new SseReader(this.#onEvent);
    const { framing } = this.dialect;
    if (linesTypes.test(this.#type) || (framing === 'ndjson' && this.#wantsStream))
      return new NdjsonReader(this.#onEvent);
    if (framing === 'json-array' && bytes[0] === openBracket) return new JsonArrayReader(this.#onEvent);
    return new JsonText(this.#limit);
  }

  #finish(): void {
    if (this.#head?.length) this.#choose(this.#head);
    if (this.#framing !== null && !(this.#framing instanceof JsonText)) {
      this.#framing.end();
      if (this.#framing.lost > 0 || this.#parsed === 0) this.unreadable = true;
      return;
    }
    const text = this.#framing?.takeBegun() ?? null;
    if (text === null) {
      this.unreadable = true;
      return;
    }
    const answer = parse(text) ?? this.#parseCut(text);
    const whole = object(Array.isArray(answer) ? answer[0] : answer);
    if (whole) this.#recognise(whole, null);
    if (Array.isArray(answer) && answer.length > 1 && this.dialect.framing === 'json-array') {
      for (const element of objects(answer)) this.#readElement(element);
    } else if (whole) {
      // Some servers wrap an error into a list of one.
      this.dialect.whole(this.#reading, whole);
      this.said.keepWhole(whole);
    } else {
      this.unreadable = true;
      this.plainText = text.slice(0, 1024);
    }
  }

  /** What came of a body that breaks off. */
  #parseCut(text: string): Json {
    const whole = closed(text);
    if (whole === null) return null;
    this.unreadable = true;
    return parse(whole);
  }

  /** An element of a stream that was one array, and not seen to be one before its end. */
  #readElement(element: JsonObject): void {
    const before = this.#reading.outputChars;
    this.dialect.event(this.#reading, null, element);
    const chars = this.#reading.outputChars - before;
    if (chars > 0) this.said.keep(null, JSON.stringify(element), chars);
  }

  /** At an unknown path the answer itself tells its format. */
  #recognise(answer: JsonObject, event: string | null): void {
    if (this.dialect.name === 'unknown') this.dialect = recognised(answer, event) ?? this.dialect;
  }

  readonly #onEvent = (name: string | null, text: string): void => {
    this.frames++;
    if (text === '[DONE]') {
      this.#reading.complete = true;
      return;
    }
    const before = this.#reading.outputChars;
    const series = this.#seriesOf(name);
    if (!series?.read(this.dialect, this.#reading, name, text) && !this.#readEvent(series, name, text)) return;
    const chars = this.#reading.outputChars - before;
    if (chars > 0) this.said.keep(name, text, chars);
  };

  /** Events of one name look alike. Null: there are too many names. */
  #seriesOf(name: string | null): EventSeries | null {
    if (name === this.#lastName && this.#lastSeries) return this.#lastSeries;
    this.#series ??= new Map();
    let series = this.#series.get(name);
    if (series === undefined && this.#series.size < maxSeries) {
      series = new EventSeries();
      this.#series.set(name, series);
    }
    this.#lastName = name;
    this.#lastSeries = series ?? null;
    return this.#lastSeries;
  }

  /** Whether the text is an event. */
  #readEvent(series: EventSeries | null, name: string | null, text: string): boolean {
    const event = object(parse(text));
    if (!event) {
      // Not an event stream at all, e.g. a proxy's HTML page: kept for the error message.
      this.plainText ??= text.slice(0, 1024);
      return false;
    }
    if (this.#parsed++ < maxTelling) this.#recognise(event, name);
    this.dialect.event(this.#reading, name, event);
    // What is learned of events holds for the format that they were read in.
    if (this.dialect.name !== 'unknown') series?.learn(this.dialect, name, text, event);
    return true;
  }
}

interface StreamReader {
  /** Frames that could not be kept or read. */
  readonly lost: number;
  push(bytes: Uint8Array): void;
  end(): void;
}

const awsType = 'vnd.amazon.eventstream';
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
  if (opens.has(bytes[0] ?? 0)) return false;
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
const lineStarts = ['data:', 'event:', 'retry:', 'id:', ':'];
const longestLineStart = 6;
/** `{`, `[` and `<`: no event stream begins so. */
const openBracket = 0x5b;
const opens = new Set([0x7b, openBracket, 0x3c]);
