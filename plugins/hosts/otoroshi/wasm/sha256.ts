/** HMAC-SHA-256 (FIPS 180-4, RFC 2104) in plain JavaScript: there is no crypto in the engine. */
import { utf8Bytes } from './utf8.ts';

const primes = (count: number): number[] => {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
};

const fraction = (value: number): number => ((value - Math.floor(value)) * 2 ** 32) | 0;
const first = primes(64);
const k = first.map((prime) => fraction(Math.cbrt(prime)));
const initial = first.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

const turned = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

export const sha256 = (message: Uint8Array): Uint8Array => {
  const blocks = new Uint8Array(((message.length + 72) >> 6) << 6);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(blocks.length - 4, message.length << 3);
  const state = [...initial];
  const w = new Int32Array(64);
  for (let start = 0; start < blocks.length; start += 64) {
    for (let at = 0; at < 16; at++) w[at] = view.getInt32(start + at * 4);
    for (let at = 16; at < 64; at++) {
      const a = w[at - 15] ?? 0;
      const b = w[at - 2] ?? 0;
      const s0 = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
      const s1 = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
      w[at] = ((w[at - 16] ?? 0) + s0 + (w[at - 7] ?? 0) + s1) | 0;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let at = 0; at < 64; at++) {
      const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + (k[at] ?? 0) + (w[at] ?? 0)) | 0;
      const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at] = ((state[at] ?? 0) + value) | 0;
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (const [at, value] of state.entries()) out.setInt32(at * 4, value);
  return digest;
};

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/** Hex. */
export const hmacSha256 = (key: string, text: string): string => {
  const given = utf8Bytes(key);
  const block = new Uint8Array(64);
  block.set(given.length > 64 ? sha256(given) : given);
  const pad = (byte: number): Uint8Array => block.map((own) => own ^ byte);
  const digest = sha256(joined(pad(0x5c), sha256(joined(pad(0x36), utf8Bytes(text)))));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
