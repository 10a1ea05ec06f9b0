/** What the plugins need from QuickJS. */
import type { Inflater, Platform } from '../../../contract.ts';
import { Broken, inflate } from './inflate.ts';
import { hmacSha256 } from './sha256.ts';

/** Bytes that an answer may unpack to: the engine has 60 MB for everything. */
const mostInflated = 8 * 1024 * 1024;

/** @param snowflake Otoroshi's id of the request; @param hmacKey null: nothing is to be hashed */
export const wasmPlatform = (snowflake: () => string | null, hmacKey: () => string | null): Platform => ({
  now: () => Date.now(),
  randomId: () => snowflake() ?? randomUuid(),
  hmac: (text) => {
    const key = hmacKey();
    return key === null ? '' : hmacSha256(key, text).slice(0, 32);
  },
  inflate: (encoding, onBytes) => (encoding === 'gzip' || encoding === 'deflate' ? whole(encoding, onBytes) : null),
  estimateTokens: () => Promise.resolve(null),
});

/** The body is there as a whole anyway. */
const whole = (encoding: 'gzip' | 'deflate', onBytes: (bytes: Uint8Array) => void): Inflater => {
  const parts: Uint8Array[] = [];
  return {
    push: (bytes) => void parts.push(bytes),
    end: () => {
      try {
        const packed = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
        let at = 0;
        for (const part of parts) {
          packed.set(part, at);
          at += part.length;
        }
        onBytes(inflate(encoding, packed, mostInflated));
        return Promise.resolve(true);
      } catch (error) {
        if (error instanceof Broken) return Promise.resolve(false);
        throw error;
      }
    },
  };
};

/** Only for contexts without a snowflake: no secret depends on it. */
const randomUuid = (): string => {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-a${hex(3)}-${hex(12)}`;
};
