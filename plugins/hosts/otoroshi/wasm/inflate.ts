/** DEFLATE (RFC 1951), gzip (RFC 1952) and zlib (RFC 1950) undone in plain JavaScript, for an engine that has nothing of it. */

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const lengthMore = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const wayBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const wayMore = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Codes of at most 15 bits, looked up by the next 15 bits as they come: `symbol << 4 | length`. */
const tableOf = (lengths: ArrayLike<number>): Uint16Array => {
  const table = new Uint16Array(1 << 15);
  const next = new Uint16Array(16);
  const count = new Uint16Array(16);
  for (let symbol = 0; symbol < lengths.length; symbol++)
    count[lengths[symbol] ?? 0] = (count[lengths[symbol] ?? 0] ?? 0) + 1;
  count[0] = 0;
  for (let bits = 1, code = 0; bits < 16; bits++) {
    code = (code + (count[bits - 1] ?? 0)) << 1;
    next[bits] = code;
  }
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol] ?? 0;
    if (bits === 0) continue;
    const code = next[bits] ?? 0;
    next[bits] = code + 1;
    let turned = 0;
    for (let at = 0; at < bits; at++) turned |= ((code >> at) & 1) << (bits - 1 - at);
    const entry = (symbol << 4) | bits;
    for (let at = turned; at < 1 << 15; at += 1 << bits) table[at] = entry;
  }
  return table;
};

export class Broken extends Error {}

/** @param most bytes; more is a bomb: throws Broken, as for everything that is wrong. */
export const inflateRaw = (source: Uint8Array, most: number, start = 0): Uint8Array => {
  let out = new Uint8Array(Math.min(most, Math.max(1024, source.length * 4)));
  let length = 0;
  let at = start;
  let hold = 0;
  let held = 0;
  const need = (bits: number): void => {
    while (held < bits) {
      // Past the end zeros come: what is missing shows as a broken code or a wrong end.
      if (at > source.length + 4) throw new Broken('ends too early');
      hold |= (source[at++] ?? 0) << held;
      held += 8;
    }
  };
  const take = (bits: number): number => {
    need(bits);
    const value = hold & ((1 << bits) - 1);
    hold >>>= bits;
    held -= bits;
    return value;
  };
  const symbol = (table: Uint16Array): number => {
    need(15);
    const entry = table[hold & 0x7fff] ?? 0;
    const bits = entry & 15;
    if (bits === 0) throw new Broken('no such code');
    hold >>>= bits;
    held -= bits;
    return entry >> 4;
  };
  const room = (more: number): void => {
    if (length + more <= out.length) return;
    if (length + more > most) throw new Broken('too long');
    const larger = new Uint8Array(Math.min(most, Math.max(out.length * 2, length + more)));
    larger.set(out);
    out = larger;
  };
  const block = (literals: Uint16Array, ways: Uint16Array): void => {
    for (;;) {
      const one = symbol(literals);
      if (one === 256) return;
      if (one < 256) {
        room(1);
        out[length++] = one;
        continue;
      }
      const size = (lengthBase[one - 257] ?? Number.NaN) + take(lengthMore[one - 257] ?? 0);
      const way = symbol(ways);
      const back = (wayBase[way] ?? Number.NaN) + take(wayMore[way] ?? 0);
      if (!(back <= length) || Number.isNaN(size)) throw new Broken('points before the beginning');
      room(size);
      if (back >= size) out.copyWithin(length, length - back, length - back + size);
      else for (let step = 0; step < size; step++) out[length + step] = out[length + step - back] ?? 0;
      length += size;
    }
  };
  for (let last = 0; last === 0; ) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) {
      // The bytes held are given back.
      at -= held >> 3;
      hold = 0;
      held = 0;
      const size = (source[at] ?? 0) | ((source[at + 1] ?? 0) << 8);
      at += 4;
      if (at + size > source.length) throw new Broken('ends too early');
      room(size);
      out.set(source.subarray(at, at + size), length);
      length += size;
      at += size;
    } else if (kind === 1) block(...fixed());
    else if (kind === 2) {
      const literals = take(5) + 257;
      const ways = take(5) + 1;
      const codes = new Uint8Array(19);
      for (let left = take(4) + 4, index = 0; index < left; index++) codes[lengthOrder[index] ?? 0] = take(3);
      const table = tableOf(codes);
      const lengths = new Uint8Array(literals + ways);
      for (let index = 0; index < lengths.length; ) {
        const one = symbol(table);
        if (one < 16) lengths[index++] = one;
        else if (one === 16) {
          const before = lengths[index - 1] ?? 0;
          for (let left = take(2) + 3; left > 0; left--) lengths[index++] = before;
        } else index += one === 17 ? take(3) + 3 : take(7) + 11;
      }
      block(tableOf(lengths.subarray(0, literals)), tableOf(lengths.subarray(literals)));
    } else throw new Broken('no such block');
  }
  if (at - (held >> 3) > source.length) throw new Broken('ends too early');
  return out.subarray(0, length);
};

let known: [Uint16Array, Uint16Array] | null = null;
const fixed = (): [Uint16Array, Uint16Array] => {
  known ??= [
    tableOf(Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8))),
    tableOf(new Uint8Array(30).fill(5)),
  ];
  return known;
};

/** A body in `gzip` or `deflate` (zlib, as the standard says, or raw, as some servers think); its checksum is not looked at. */
export const inflate = (encoding: 'gzip' | 'deflate', source: Uint8Array, most: number): Uint8Array => {
  if (encoding === 'deflate') {
    const isZlib = ((source[0] ?? 0) & 15) === 8 && (((source[0] ?? 0) << 8) | (source[1] ?? 0)) % 31 === 0;
    return inflateRaw(source, most, isZlib ? 2 : 0);
  }
  if (source[0] !== 0x1f || source[1] !== 0x8b || source[2] !== 8) throw new Broken('is no gzip');
  const flags = source[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + ((source[at] ?? 0) | ((source[at + 1] ?? 0) << 8));
  for (const flag of [8, 16]) if (flags & flag) at = source.indexOf(0, at) + 1;
  if (flags & 2) at += 2;
  return inflateRaw(source, most, at);
};
