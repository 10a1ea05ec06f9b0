/** HMAC-SHA-256 (FIPS 180-4, RFC 2104) as a plain function: WebCrypto knows it only as a promise. */

/** Bytes of a block. */
const block = 64;

/** The first 32 bits of the fractions of the cube (or square) roots of the first primes. */
const fractions = (count: number, root: (prime: number) => number): Uint32Array => {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) found.push(((root(n) % 1) * 2 ** 32) >>> 0);
  }
  return Uint32Array.from(found);
};
const rounds = fractions(64, Math.cbrt);
const start = fractions(8, Math.sqrt);

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

export const sha256 = (bytes: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / block) * block);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0);
  const state = start.slice();
  const w = new Uint32Array(64);
  const at = (index: number): number => w[index] as number;
  for (let from = 0; from < padded.length; from += block) {
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(from + 4 * t);
    for (let t = 16; t < 64; t++) {
      const [early, late] = [at(t - 15), at(t - 2)];
      const low = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const high = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      w[t] = at(t - 16) + low + at(t - 7) + high;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t++) {
      const choice = (e & f) ^ (~e & g);
      const one = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + (rounds[t] as number) + at(t)) | 0;
      const two = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] as number) + word;
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) digest.setUint32(4 * index, word);
  return new Uint8Array(digest.buffer);
};

export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(block);
  padded.set(key.length > block ? sha256(key) : key);
  const keyed = (pad: number, rest: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(block + rest.length);
    whole.set(padded.map((byte) => byte ^ pad));
    whole.set(rest, block);
    return sha256(whole);
  };
  return keyed(0x5c, keyed(0x36, message));
};
