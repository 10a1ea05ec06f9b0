/** A stream whose content chunks carry the moment in which the upstream wrote them. */
import { now } from '../clock.ts';
import { closingEvents, contentEvent } from './traffic.ts';

export interface StampedStream {
  readonly chunks: number;
  /** Milliseconds between two chunks of one stream. */
  readonly everyMs: number;
  /** Whether the events are those of a stream whose usage was asked for. */
  readonly asked: boolean;
  /** The text behind the stamped events. */
  readonly closing: string;
}

const digits = 16;
const placeholder = '0'.repeat(digits);
const templates = {
  asked: contentEvent(`${placeholder} `, null, true),
  unasked: contentEvent(`${placeholder} `, null, false),
};
const templateOf = ({ asked }: Pick<StampedStream, 'asked'>): string => (asked ? templates.asked : templates.unasked);
const stampAt = templates.asked.indexOf(placeholder);
/** Both templates begin alike. */
const beginning = Buffer.from(templates.asked.slice(0, stampAt));

/** @param hidden the client did not ask for the usage that the gateway asked for. */
export const stampedStream = (chunks: number, everyMs: number, hidden: boolean): StampedStream => ({
  chunks,
  everyMs,
  asked: true,
  closing: closingEvents(!hidden).join(''),
});

/** Bytes of one stamped event. */
export const stampedBytes = (stream: Pick<StampedStream, 'asked'>): number => templateOf(stream).length;

/** An event with the time of now, as one chunk of chunked coding. */
export const stampedChunk = (asked: boolean): Buffer => {
  const template = templateOf({ asked });
  const size = `${template.length.toString(16)}\r\n`;
  const chunk = Buffer.from(`${size}${template}\r\n`);
  const microseconds = Math.round(now() * 1000).toString().padStart(digits, '0');
  chunk.latin1Write(microseconds, size.length + stampAt);
  return chunk;
};

/** When the event was written, milliseconds; null when the bytes are not such an event. */
export const readStamp = (stream: Pick<StampedStream, 'asked'>, bytes: Buffer, from: number): number | null => {
  if (beginning.compare(bytes, from, from + stampAt) !== 0) return null;
  const end = templateOf(stream).length + from;
  if (bytes[end - 1] !== 0x0a || bytes[end - 2] !== 0x0a) return null;
  const microseconds = Number(bytes.latin1Slice(from + stampAt, from + stampAt + digits));
  return Number.isInteger(microseconds) ? microseconds / 1000 : null;
};
