/** A stream whose content chunks carry the moment in which the upstream wrote them. */
import { now } from '../clock.ts';
import { closingEvents, contentEvent } from './traffic.ts';

export interface StampedStream {
  readonly chunks: number;
  /** Milliseconds between two chunks of one stream. */
  readonly everyMs: number;
  /** The text behind the stamped events. */
  readonly closing: string;
}

const digits = 16;
const placeholder = '0'.repeat(digits);
const template = contentEvent(`${placeholder} `, null, true);
const stampAt = template.indexOf(placeholder);
const size = `${template.length.toString(16)}\r\n`;
const framed = Buffer.from(`${size}${template}\r\n`);
const beginning = Buffer.from(template.slice(0, stampAt));

/** Bytes of one stamped event. */
export const stampedBytes = template.length;

/** @param hidden the client did not ask for the usage, the gateway did. */
export const stampedStream = (chunks: number, everyMs: number, hidden: boolean): StampedStream => ({
  chunks,
  everyMs,
  closing: closingEvents(!hidden).join(''),
});

/** An event with the time of now, as one chunk of chunked coding. */
export const stampedChunk = (): Buffer => {
  const chunk = Buffer.from(framed);
  const microseconds = Math.round(now() * 1000)
    .toString()
    .padStart(digits, '0');
  chunk.write(microseconds, size.length + stampAt, 'latin1');
  return chunk;
};

/** When the event that begins at `from` was written, milliseconds; null when the bytes are not such an event. */
export const readStamp = (bytes: Buffer, from: number): number | null => {
  const end = from + stampedBytes;
  if (beginning.compare(bytes, from, from + stampAt) !== 0 || bytes[end - 1] !== 0x0a || bytes[end - 2] !== 0x0a)
    return null;
  const microseconds = Number(bytes.toString('latin1', from + stampAt, from + stampAt + digits));
  return Number.isInteger(microseconds) ? microseconds / 1000 : null;
};
