/** What the plugins need from Node. */
import { createHmac, randomFillSync } from 'node:crypto';
import type { Platform } from '../../contract.ts';
import { inflater } from './inflate.ts';
import { openTokenizer } from './tokenizer.ts';

/** @param hmacKey of this installation; @param maxInflated bytes that a body may unpack to however small it came. */
export const nodePlatform = (hmacKey: Uint8Array, maxInflated: number): Platform => ({
  now: () => performance.timeOrigin + performance.now(),
  randomId: uuidv7,
  hmac: (text) => createHmac('sha256', hmacKey).update(text).digest('hex').slice(0, 32),
  inflate: (encoding, onBytes) => inflater(encoding, maxInflated, onBytes),
  estimateTokens: openTokenizer(),
});

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
