/** What the plugins need from any engine that speaks the Web's APIs: browsers' kin, Workers, Deno, Bun, Node. */
import type { Platform } from '../../contract.ts';
import { uuidv7 } from '../uuidv7.ts';
import { inflater } from './inflate.ts';
import { hmacSha256 } from './sha256.ts';

const encoder = new TextEncoder();

/**
 * @param secret of the pseudonyms; null: a random one, so that they hold as long as this process.
 * @param maxInflated bytes that a body may unpack to however small it came.
 */
export const webPlatform = (secret: Uint8Array | null, maxInflated: number): Platform => {
  let key = secret;
  return {
    now: () => performance.timeOrigin + performance.now(),
    randomId: uuidv7,
    hmac: (text) => {
      key ??= crypto.getRandomValues(new Uint8Array(32));
      return Array.from(hmacSha256(key, encoder.encode(text)).subarray(0, 16), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join('');
    },
    inflate: (encoding, onBytes) => inflater(encoding, maxInflated, onBytes),
    // Its tables are 2 MB, and there is no thread here that would count beside the calls: figures that a provider left out
    // are estimated from the number of characters.
    estimateTokens: async () => null,
  };
};
