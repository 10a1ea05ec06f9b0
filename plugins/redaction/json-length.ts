/** How long a text is once it stands in an event: written by `JSON.stringify`, in UTF-8. */

/** Bytes of `\u0000`. */
const escaped = 6;

interface Fit {
  /** Index in the text, UTF-16 units, before which it fits; never between the two halves of a character. */
  readonly end: number;
  /** Bytes that the text up to `end` takes, its quotes not counted. */
  readonly bytes: number;
}

/** As much of a text as fits into `room` bytes. Stops reading there, however long the text. */
export const fit = (text: string, room: number): Fit => {
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const more = bytesOf(code);
    if (bytes + more > room) break;
    bytes += more;
    at += code > 0xffff ? 2 : 1;
  }
  return { end: at, bytes };
};

const bytesOf = (code: number): number => {
  if (code < 0x20) return code === 8 || code === 9 || code === 10 || code === 12 || code === 13 ? 2 : escaped;
  if (code < 0x80) return code === 0x22 || code === 0x5c ? 2 : 1;
  if (code < 0x800) return 2;
  // Half a character alone cannot be said in UTF-8, and is escaped.
  if (code >= 0xd800 && code <= 0xdfff) return escaped;
  return code > 0xffff ? 4 : 3;
};
