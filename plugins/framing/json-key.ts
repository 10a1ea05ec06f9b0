/** Replaces or adds one top-level key of a JSON object in its text, every other byte kept as the client wrote it. */

/**
 * @param text a JSON object that parses.
 * @param value the JSON text to stand there.
 */
export const setTopLevelKey = (text: string, key: string, value: string): string => {
  const spans = topLevelValues(text, key);
  if (spans.length === 0) {
    const open = text.indexOf('{') + 1;
    const empty = /^\s*\}/.test(text.slice(open));
    return `${text.slice(0, open)}${JSON.stringify(key)}:${value}${empty ? '' : ','}${text.slice(open)}`;
  }
  // Of a key that stands twice, parsers take the last: all are set, so that no reading differs.
  return spans.reduceRight((done, [start, end]) => done.slice(0, start) + value + done.slice(end), text);
};

const topLevelValues = (text: string, key: string): [start: number, end: number][] => {
  const found: [number, number][] = [];
  let depth = 0;
  let name: string | null = null;
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (depth === 1 && start < 0 && name === null) name = JSON.parse(text.slice(at, end + 1));
      at = end;
    } else if (character === '{' || character === '[') depth++;
    else if (depth === 1 && character === ':' && start < 0) start = at + 1;
    else if (character === '}' || character === ']' || character === ',') {
      if (depth === 1) {
        if (name === key && start >= 0) found.push([start, at]);
        name = null;
        start = -1;
      }
      if (character !== ',') depth--;
    }
  }
  return found;
};

/** Index of the quote that closes the string opened at `at`. */
const stringEnd = (text: string, at: number): number => {
  let end = text.indexOf('"', at + 1);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes++;
    if (end < 0 || slashes % 2 === 0) return end < 0 ? text.length : end;
    end = text.indexOf('"', end + 1);
  }
};
