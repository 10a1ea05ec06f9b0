/** Server-sent events: bytes → event name and data text (WHATWG HTML, "Interpreting an event stream"). */
import { LongFrame } from './long-frame.ts';
import { FrameSplitter } from './splitter.ts';

/** `event` is null without an `event:` line. */
export type OnEvent = (event: string | null, text: string) => void;

const LF = 10;
const CR = 13;
const space = 32;
const utf8 = new TextDecoder();
/** A byte order mark stands at the beginning of a stream, which a block need not be. */
const utf8Block = new TextDecoder('utf-8', { ignoreBOM: true });
/** Of `event:`. */
const letterE = 101;
const lineBreak = /\r\n|\n|\r/;

/** One frame's bytes as an event; null for comments and blank lines. Several `data:` lines are joined by LF. */
export const readFrame = (frame: Uint8Array): { event: string | null; text: string } | null => {
  const all = utf8.decode(frame);
  // Nearly every frame is one `data:` line that ends with two LF.
  const end = all.length - 2;
  if (all.startsWith('data:') && all.indexOf('\n') === end && all.charCodeAt(end + 1) === LF && !all.includes('\r'))
    return { event: null, text: all.slice(all.charCodeAt(5) === space ? 6 : 5, end) };
  return readLines(all);
};

const readLines = (lines: string): { event: string | null; text: string } | null => {
  let event: string | null = null;
  let text: string | null = null;
  for (const line of lines.split(lineBreak)) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') continue;
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === space ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else text = text === null ? value : `${text}\n${value}`;
  }
  return text === null ? null : { event, text };
};

/** Reads events from bytes cut anywhere. `lost` counts frames that were too long to keep, and no JSON. */
export class SseReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #splitter: FrameSplitter;
  #long: LongFrame | null = null;
  /** A CR was seen: lines end otherwise than nearly everywhere. */
  #hasCr = false;
  #eventLine = '';
  #eventName = '';

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
    this.#splitter = new FrameSplitter(
      (frame, whole) => {
        if (whole) this.#give(readFrame(frame));
        else this.#giveLong();
      },
      (piece) => {
        this.#long ??= new LongFrame();
        this.#long.push(piece);
      },
    );
  }

  push(chunk: Uint8Array): void {
    // Nearly every piece is one frame, or some, whole.
    if (!this.#hasCr && this.#splitter.isIdle && lastEnd(chunk, 0) === chunk.length) {
      const block = decode(chunk);
      if (!block.includes('\r')) {
        this.#readBlock(block);
        return;
      }
    }
    this.#hasCr ||= chunk.includes(CR);
    const start = this.#hasCr ? -1 : this.#splitter.pushRest(chunk);
    const end = start < 0 ? start : lastEnd(chunk, start);
    if (end > start) this.#readBlock(decode(chunk.subarray(start, end)));
    if (start < 0) this.#splitter.push(chunk);
    else if (Math.max(start, end) < chunk.length) this.#splitter.push(chunk.subarray(Math.max(start, end)));
  }

  end(): void {
    this.#splitter.end();
  }

  /** Complete frames whose lines end with LF: decoded together, as that costs as much as for one. */
  #readBlock(block: string): void {
    for (let at = 0; at < block.length; ) {
      let event: string | null = null;
      let data = at;
      let end = block.indexOf('\n', at);
      if (block.charCodeAt(at) === letterE) {
        event = this.#nameIn(block.slice(at, end));
        data = event === null ? at : end + 1;
        end = block.indexOf('\n', data);
      }
      // Nearly every frame is one `data:` line, or an `event:` line and one `data:` line.
      if (end >= 0 && block.charCodeAt(end + 1) === LF && isData(block, data)) {
        this.#onEvent(event, block.slice(block.charCodeAt(data + 5) === space ? data + 6 : data + 5, end));
      } else {
        end = block.indexOf('\n\n', at);
        if (end < 0) return;
        this.#give(readLines(block.slice(at, end)));
      }
      at = end + 2;
    }
  }

  /** The name in an `event:` line, which is mostly that of the event before; null in any other. */
  #nameIn(line: string): string | null {
    if (line === this.#eventLine) return this.#eventName;
    if (!line.startsWith('event:')) return null;
    this.#eventLine = line;
    this.#eventName = line.slice(line.charCodeAt(6) === space ? 7 : 6);
    return this.#eventName;
  }

  #give(read: { event: string | null; text: string } | null): void {
    if (read) this.#onEvent(read.event, read.text);
  }

  #giveLong(): void {
    const read = this.#long?.end();
    this.#long = null;
    if (read?.text == null) this.lost++;
    else this.#onEvent(read.event, read.text);
  }
}

const decode = (block: Uint8Array): string => (block[0] === 0xef ? utf8Block : utf8).decode(block);

/** Whether `data:` stands here; comparing letters is faster than `startsWith`. */
const isData = (text: string, at: number): boolean =>
  text.charCodeAt(at) === 100 &&
  text.charCodeAt(at + 1) === 97 &&
  text.charCodeAt(at + 2) === 116 &&
  text.charCodeAt(at + 3) === 97 &&
  text.charCodeAt(at + 4) === 58;

/** Index behind the last blank line of LF that begins at or after `from`, or -1. */
const lastEnd = (chunk: Uint8Array, from: number): number => {
  for (let at = chunk.length - 1; at > from; at = chunk.lastIndexOf(LF, at - 1)) {
    if (chunk[at] === LF && chunk[at - 1] === LF) return at + 1;
  }
  return -1;
};
