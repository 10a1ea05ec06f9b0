/** What the plugins need from Node. */
import { createHmac } from 'node:crypto';
import type { Platform } from '../../contract.ts';
import { uuidv7 } from '../uuidv7.ts';
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
