/** Many slow streams at once: how much later than the upstream sent it does each chunk arrive, and does any stream stall? */
import { now } from '../clock.ts';
import { Samples, type Summary } from '../statistics.ts';
import type { AnswerParts, Connection } from '../wire/connection.ts';
import { readStamp, type StampedStream, stampedBytes } from '../wire/stamped-stream.ts';
import { inTime } from './in-time.ts';

export interface Paced {
  readonly verified: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Milliseconds from the upstream's write to the client's read, over the chunks behind the first tenth of each stream. */
  readonly delay: Summary | null;
  /** Over streams: the longest pause between two chunks beyond the upstream's own, milliseconds. */
  readonly longestPause: Summary | null;
}

/** Streams begin so many at a time, every so many milliseconds: one per millisecond. */
const together = 20;

export const pacedStreams = async (
  connections: readonly Connection[],
  request: Buffer,
  expected: StampedStream,
): Promise<Paced> => {
  const delays = new Samples();
  const pauses = new Samples();
  const faults: string[] = [];
  let verified = 0;
  const streams = connections.map((connection) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const reader = new StreamReader(expected, delays, (fault) => {
      if (fault === null) {
        verified++;
        pauses.add(reader.longestPause);
      } else faults.push(fault);
      resolve();
    });
    connection.listen(reader);
    return { connection, promise };
  });
  for (let first = 0; first < streams.length; first += together) {
    for (const { connection } of streams.slice(first, first + together)) connection.send(request);
    await new Promise((resolve) => setTimeout(resolve, together));
  }
  const all = Promise.all(streams.map(({ promise }) => promise)).then(() => {});
  const complaint = () => `${streams.length - verified - faults.length} of ${streams.length} streams did not end`;
  await inTime(all, expected.chunks * expected.everyMs, complaint);
  return {
    verified,
    wrong: faults.length,
    firstWrong: faults[0] ?? null,
    delay: delays.summary(),
    longestPause: pauses.summary(),
  };
};

class StreamReader implements AnswerParts {
  readonly #expected: StampedStream;
  readonly #delays: Samples;
  readonly #done: (fault: string | null) => void;
  /** A stamped event of which only the first bytes have come. */
  readonly #begun: Buffer;
  #begunBytes = 0;
  #chunks = 0;
  #lastDelay = Number.POSITIVE_INFINITY;
  /** What follows the stamped events. */
  #closing = '';
  #fault: string | null = null;
  #ended = false;
  longestPause = 0;

  constructor(expected: StampedStream, delays: Samples, done: (fault: string | null) => void) {
    this.#expected = expected;
    this.#delays = delays;
    this.#done = done;
    this.#begun = Buffer.alloc(stampedBytes);
  }

  head(text: string): void {
    if (!text.startsWith('HTTP/1.1 200 ')) this.#fault = text.slice(0, 200);
  }

  body(bytes: Buffer, from: number, to: number): void {
    const at = now();
    const size = this.#begun.length;
    let next = from;
    while (next < to && this.#chunks < this.#expected.chunks) {
      if (this.#begunBytes === 0 && to - next >= size) {
        this.#chunk(bytes, next, at);
        next += size;
        continue;
      }
      const taken = Math.min(to - next, size - this.#begunBytes);
      bytes.copy(this.#begun, this.#begunBytes, next, next + taken);
      this.#begunBytes += taken;
      next += taken;
      if (this.#begunBytes === size) {
        this.#chunk(this.#begun, 0, at);
        this.#begunBytes = 0;
      }
    }
    if (next < to) this.#closing += bytes.toString('latin1', next, to);
  }

  #chunk(bytes: Buffer, from: number, at: number): void {
    const stamp = readStamp(bytes, from);
    if (stamp === null) this.#fault ??= `not the upstream's chunk: ${bytes.toString('latin1', from, from + 200)}`;
    const delay = at - (stamp ?? at);
    this.longestPause = Math.max(this.longestPause, delay - this.#lastDelay);
    this.#lastDelay = delay;
    this.#chunks++;
    if (this.#chunks > this.#expected.chunks / 10) this.#delays.add(delay);
  }

  end(): void {
    if (this.#closing !== this.#expected.closing) {
      this.#fault ??= `${this.#chunks} chunks, then ${JSON.stringify(this.#closing.slice(0, 200))}`;
    }
    this.#ended = true;
    this.#done(this.#fault);
  }

  lost(reason: string): void {
    if (!this.#ended) this.#done(`${reason} after ${this.#chunks} chunks`);
    this.#ended = true;
  }
}
