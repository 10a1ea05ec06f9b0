/** What the plugins need from Node. */
import { createHmac, randomFillSync } from 'node:crypto';
import { createBrotliDecompress, createInflate, createUnzip, createZstdDecompress } from 'node:zlib';
import type { Inflater, Platform } from '../../contract.ts';

const decoders = {
  gzip: createUnzip,
  'x-gzip': createUnzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const;

/** @param hmacKey of this installation; @param maxInflated bytes that one body may unpack to (a bomb is cut off). */
export const nodePlatform = (hmacKey: Uint8Array, maxInflated: number): Platform => ({
  now: () => performance.timeOrigin + performance.now(),
  randomId: uuidv7,
  hmac: (text) => createHmac('sha256', hmacKey).update(text).digest('hex').slice(0, 32),
  inflate: (encoding, onBytes) => {
    const create = Object.hasOwn(decoders, encoding) ? decoders[encoding as keyof typeof decoders] : undefined;
    return create ? inflater(create(), maxInflated, onBytes) : null;
  },
});

const inflater = (
  stream: ReturnType<(typeof decoders)[keyof typeof decoders]>,
  maxInflated: number,
  onBytes: (bytes: Uint8Array) => void,
): Inflater => {
  let left = maxInflated;
  const finished = new Promise<boolean>((resolve) => {
    stream.on('data', (bytes: Buffer) => {
      left -= bytes.length;
      if (left < 0) stream.destroy();
      else onBytes(bytes);
    });
    stream.once('end', () => resolve(true));
    stream.once('error', () => resolve(false));
    stream.once('close', () => resolve(false));
  });
  return {
    push: (bytes) => {
      if (!stream.destroyed) stream.write(bytes);
    },
    end: () => {
      stream.end();
      return finished;
    },
  };
};

const random = Buffer.alloc(4096);
let used = random.length;
let last = 0;
let counter = 0;

/** UUIDv7 (RFC 9562), rising within this process: the 12 bits behind the time count calls of one millisecond. */
export const uuidv7 = (): string => {
  if (used + 8 > random.length) {
    randomFillSync(random);
    used = 0;
  }
  const now = Date.now();
  if (now > last) {
    last = now;
    counter = (random[used] ?? 0) & 0x7f;
  } else if (++counter > 0xfff) {
    // More than 4,000 in one millisecond: the time runs ahead until the clock has caught up.
    last++;
    counter = 0;
  }
  const time = last.toString(16).padStart(12, '0');
  const tail = random.toString('hex', used, used + 8);
  used += 8;
  const variant = ((Number.parseInt(tail[0] ?? '0', 16) & 3) | 8).toString(16);
  const count = (0x7000 | counter).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
};
