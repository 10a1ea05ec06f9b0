/** Reads the body of a post: bounded before and after it is unpacked, in memory only once it has come whole. */
import { createGunzip, type Gunzip } from 'node:zlib';

/** A body as it came; null bytes: it was too long. */
export interface Packed {
  readonly encoding: 'plain' | 'gzip' | 'unknown';
  readonly bytes: Buffer | null;
}

export type Body =
  | { readonly is: 'read'; readonly text: string }
  | { readonly is: 'too_long' }
  /** Packed in a way that is not spoken. */
  | { readonly is: 'unknown_encoding' }
  /** Not what its encoding says. */
  | { readonly is: 'broken' };

/** Bytes are read on for so many times the limit, and dropped, so that the answer gets to a client that still sends. */
const patience = 4;

/** Rejects when the client leaves. @param limit bytes. */
export const readBody = async (
  stream: AsyncIterable<Buffer>,
  encoding: string | undefined,
  limit: number,
): Promise<Packed> => ({ encoding: encodingOf(encoding?.trim() ?? ''), bytes: await gather(stream, limit) });

const encodingOf = (name: string): Packed['encoding'] => {
  if (/^(?:identity)?$/i.test(name)) return 'plain';
  return /^(?:x-)?gzip$/i.test(name) ? 'gzip' : 'unknown';
};

/** @param limit bytes that it may unpack to. */
export const unpack = async ({ encoding, bytes }: Packed, limit: number): Promise<Body> => {
  if (encoding === 'unknown') return { is: 'unknown_encoding' };
  if (bytes === null) return { is: 'too_long' };
  return encoding === 'gzip' ? gunzipped(bytes, limit) : { is: 'read', text: textOf(bytes) };
};

/** Null: longer than `limit`. */
const gather = async (stream: AsyncIterable<Buffer>, limit: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else if (length > patience * limit) break;
    else chunks.length = 0;
  }
  return length > limit ? null : Buffer.concat(chunks);
};

const gunzipped = (bytes: Buffer, limit: number): Promise<Body> =>
  new Promise((resolve) => {
    const gunzip: Gunzip = createGunzip();
    const chunks: Buffer[] = [];
    let length = 0;
    gunzip.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= limit) return;
      resolve({ is: 'too_long' });
      gunzip.destroy();
    });
    gunzip.on('error', () => resolve({ is: 'broken' }));
    gunzip.on('end', () => resolve({ is: 'read', text: textOf(Buffer.concat(chunks)) }));
    gunzip.end(bytes);
  });

/** What is no UTF-8 becomes a mark within its string: better an event with a strange letter than none. */
const textOf = (bytes: Buffer): string => new TextDecoder().decode(bytes);
