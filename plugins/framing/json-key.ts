/** Replaces or adds one top-level key of a JSON object in its text, every other byte kept as the client wrote it. */

/**
 * @param text a JSON object that parses. Time and memory grow with its length only, however often the key stands there.
 * @param value the JSON text to stand there.
 */
export const setTopLevelKey = (text: string, key: string, value: string): string => {
  const around = withoutValues(text, key);
  // Of a key that stands twice, parsers take the last: all are set, so that no reading differs.
  if (around.length > 1) return around.join(value);
  const open = text.indexOf('{') + 1;
  const empty = /^\s*\}/.test(text.slice(open));
  return `${text.slice(0, open)}${JSON.stringify(key)}:${value}${empty ? '' : ','}${text.slice(open)}`;
};

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The text in pieces, cut where the top-level values of `key` stood: one piece when the key is not there. */
const withoutValues = (text: string, key: string): string[] => {
  const pieces: string[] = [];
  let kept = 0;
  let depth = 0;
  let name: string | null = null;
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = stringEnd(text, at);
      if (depth === 1 && start < 0 && name === null) name = JSON.parse(text.slice(at, end + 1));
      at = end;
    } else if (code === openBrace || code === openBracket) depth++;
    else if (depth === 1 && code === colon && start < 0) start = at + 1;
    else if (code === closeBrace || code === closeBracket || code === comma) {
      if (depth === 1) {
        if (name === key && start >= 0) {
          pieces.push(text.slice(kept, start));
          kept = at;
        }
        name = null;
        start = -1;
      }
      if (code !== comma) depth--;
    }
  }
  pieces.push(text.slice(kept));
  return pieces;
};

/** Index of the quote that closes the string opened at `at`. */
const stringEnd = (text: string, at: number): number => {
  let end = text.indexOf('"', at + 1);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (end < 0 || slashes % 2 === 0) return end < 0 ? text.length : end;
    end = text.indexOf('"', end + 1);
  }
};
