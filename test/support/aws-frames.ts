/** Messages of an AWS event stream, with valid checksums. */
import { crc32 } from 'node:zlib';

/** A header of text. */
export const awsHeader = (name: string, value: string): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
};

/** One message; every header is text. @param more headers of other types, as bytes. */
export const awsFrame = (
  headers: Readonly<Record<string, string>>,
  payload: string,
  more: Buffer = Buffer.alloc(0),
): Buffer => {
  const head = Buffer.concat([...Object.entries(headers).map(([name, value]) => awsHeader(name, value)), more]);
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(12 + head.length + body.length + 4);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  head.copy(frame, 12);
  body.copy(frame, 12 + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - 4)), frame.length - 4);
  return frame;
};

export const awsEvent = (type: string, event: object): Buffer =>
  awsFrame({ ':event-type': type, ':message-type': 'event' }, JSON.stringify(event));

export const awsException = (type: string, event: object): Buffer =>
  awsFrame({ ':exception-type': type, ':message-type': 'exception' }, JSON.stringify(event));

export const awsStreamHeaders = { 'content-type': 'application/vnd.amazon.eventstream' };
