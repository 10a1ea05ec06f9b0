/** Makes whole JSON of a text that breaks off: what was complete stays, what was begun is closed. */

/**
 * The text with its open string and brackets closed. A string stays as far as it came; a key, number or word that may go
 * on is left out, as half a number is another one. Null: it is no object or list. What else is wrong with it is left to
 * whoever parses it.
 */
export const closed = (text: string): string | null => {
  const open: ('}' | ']')[] = [];
  /** Behind the last complete item. */
  let kept = 0;
  let isValue = false;
  const keep = (end: number): void => {
    kept = end;
    isValue = false;
  };
  const inList = (): boolean => open.at(-1) === ']';
  const close = (head: string): string => head + open.toReversed().join('');
  let at = 0;
  while (at < text.length) {
    const character = text[at] as string;
    if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      keep(++at);
    } else if (open.length === 0) {
      return null;
    } else if (character === '}' || character === ']') {
      open.pop();
      keep(++at);
      if (open.length === 0) return text.slice(0, at);
    } else if (character === '"') {
      const { end, isOpen } = stringAt(text, at + 1);
      if (isOpen) return close(isValue || inList() ? `${text.slice(0, end)}"` : text.slice(0, kept));
      at = end + 1;
      if (isValue || inList()) keep(at);
    } else if (character === ':') {
      isValue = true;
      at++;
    } else if (between.test(character)) {
      at++;
    } else {
      while (at < text.length && !endsScalar.test(text[at] as string)) at++;
      if (at < text.length) keep(at);
    }
  }
  return open.length === 0 ? null : close(text.slice(0, kept));
};

const between = /[\s,]/;
const endsScalar = /[\s,:"{}[\]]/;

/** Where a string ends: at its quote, or where the text breaks off, half an escape left out. */
const stringAt = (text: string, from: number): { end: number; isOpen: boolean } => {
  let at = from;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') return { end: at, isOpen: false };
    const length = character !== '\\' ? 1 : text[at + 1] === 'u' ? 6 : 2;
    if (at + length > text.length) break;
    at += length;
  }
  return { end: at, isOpen: true };
};
