/** Server-sent events: bytes → event name and data text (WHATWG HTML, "Interpreting an event stream"). */
import { FrameSplitter } from './splitter.ts';

/** `event` is null without an `event:` line. */
export type OnEvent = (event: string | null, text: string) => void;

const utf8 = new TextDecoder();
const lineBreak = /\r\n|\n|\r/;

/** One frame's bytes as an event; null for comments and blank lines. Several `data:` lines are joined by LF. */
export const readFrame = (frame: Uint8Array): { event: string | null; text: string } | null => {
  const all = utf8.decode(frame);
  // Nearly every frame is one `data:` line, or an `event:` line and one `data:` line, and ends with two LF.
  if (all.startsWith('data:')) {
    const end = all.indexOf('\n');
    if (end > 0 && end === all.length - 2 && all.charCodeAt(end - 1) !== 13 && !all.includes('\r')) {
      return { event: null, text: all.slice(all.charCodeAt(5) === 32 ? 6 : 5, end) };
    }
  }
  let event: string | null = null;
  let text: string | null = null;
  for (const line of all.split(lineBreak)) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') continue;
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else text = text === null ? value : `${text}\n${value}`;
  }
  return text === null ? null : { event, text };
};

/** Reads events from bytes cut anywhere. `lost` counts frames too long to keep. */
export class SseReader {
  lost = 0;
  readonly #splitter: FrameSplitter;

  constructor(onEvent: OnEvent) {
    this.#splitter = new FrameSplitter((frame, whole) => {
      if (!whole) {
        this.lost++;
        return;
      }
      const read = readFrame(frame);
      if (read) onEvent(read.event, read.text);
    });
  }

  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk);
  }

  end(): void {
    this.#splitter.end();
  }
}
