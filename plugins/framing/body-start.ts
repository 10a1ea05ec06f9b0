/** The beginning of a body, which tells what it is. */

const byteOrderMark = [0xef, 0xbb, 0xbf];
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The bytes behind a byte order mark and white space. */
export const withoutBlanks = (bytes: Uint8Array): Uint8Array => {
  let at = 0;
  while (at < byteOrderMark.length && bytes[at] === byteOrderMark[at]) at++;
  // Another character, or its rest is in the next piece.
  if (at < byteOrderMark.length) at = 0;
  while (at < bytes.length && blanks.has(bytes[at] as number)) at++;
  return bytes.subarray(at);
};

export const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};
