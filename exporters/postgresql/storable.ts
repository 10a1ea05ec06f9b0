/** JSON that PostgreSQL's jsonb takes, as parameters of a statement. */

/** An escape that may be one of those below; most texts have none. */
const suspicious = /\\u(?:0000|[dD][89a-fA-F])/;
/** A whole pair of surrogates, U+0000, half a pair, any other escape (so that `\\u0000` is read as what it is). */
const escapes = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u0000|\\u[dD][89a-fA-F]..|\\./g;

/**
 * The same JSON with U+FFFD where it has U+0000 or half of a surrogate pair: jsonb refuses both, and a prompt that was
 * cut in the middle of a character must not end as a dead letter.
 */
export const storable = (json: string): string =>
  suspicious.test(json)
    ? json.replace(escapes, (found) =>
        found === '\\u0000' || (found.length === 6 && /^\\u[dD]/.test(found)) ? '\\ufffd' : found,
      )
    : json;

const textType = 25;

/**
 * A `text[]` in PostgreSQL's binary form (array_recv, src/backend/utils/adt/arrayfuncs.c): as text it would have every
 * quote of every event escaped, and unescaped again by the server.
 */
export const textArray = (texts: readonly string[]): Buffer => {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const array = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 20));
  array.writeInt32BE(1, 0); // dimensions
  array.writeInt32BE(0, 4); // no nulls
  array.writeInt32BE(textType, 8);
  array.writeInt32BE(texts.length, 12);
  array.writeInt32BE(1, 16); // first index
  let end = 20;
  for (const [index, text] of texts.entries()) {
    end = array.writeInt32BE(lengths[index] ?? 0, end);
    end += array.write(text, end);
  }
  return array;
};
