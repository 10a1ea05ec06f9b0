/** Cuts a body into the JSON texts of its events, so that one that is broken takes no other with it. */

export interface Pieces {
  readonly texts: readonly string[];
  /** The array has an end: nothing is missing behind the last text. */
  readonly whole: boolean;
}

/** Characters after which others get their turn: the thread serves calls, too. */
const turn = 256 * 1024;

/** `null`: there are more than `most`. */
export const arrayPieces = async (body: string, most: number): Promise<Pieces | null> => {
  const texts: string[] = [];
  let depth = 0;
  let start = body.indexOf('[') + 1;
  let resumed = start;
  let end = -1;
  const take = (until: number): void => {
    const text = body.slice(start, until).trim();
    if (text !== '') texts.push(text);
    start = until + 1;
  };
  for (let at = start; end < 0 && at < body.length && texts.length <= most; at++) {
    if (at - resumed > turn) {
      resumed = at;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const char = body.charCodeAt(at);
    if (char === quote) at = endOfString(body, at);
    else if (char === openBrace || char === openBracket) depth++;
    else if (char === comma && depth === 0) take(at);
    else if ((char === closeBrace || char === closeBracket) && --depth < 0) end = at;
  }
  take(end < 0 ? body.length : end);
  if (texts.length > most) return null;
  // What stands behind the end of an array is no part of it.
  return { texts, whole: body[end] === ']' && body.slice(end + 1).trim() === '' };
};

/** One JSON text a line. `null`: there are more than `most`. */
export const linePieces = (body: string, most: number): Pieces | null => {
  const texts: string[] = [];
  for (let start = 0; start < body.length; ) {
    const end = body.indexOf('\n', start);
    const text = body.slice(start, end < 0 ? body.length : end).trim();
    if (text !== '') texts.push(text);
    if (texts.length > most) return null;
    start = end < 0 ? body.length : end + 1;
  }
  return { texts, whole: true };
};

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Index of the quote that ends the string that begins at `at`; of the last character where none does. */
const endOfString = (body: string, at: number): number => {
  for (let end = body.indexOf('"', at + 1); end >= 0; end = body.indexOf('"', end + 1)) {
    let back = end;
    while (body.charCodeAt(back - 1) === backslash) back--;
    if ((end - back) % 2 === 0) return end;
  }
  return body.length - 1;
};
