/** Where the strings and numbers of a JSON text stand, and where in its value they went. */
import type { Json, JsonObject } from '../wire.ts';

export interface Leaf {
  /** In the text, quotes left out. */
  readonly start: number;
  readonly end: number;
  readonly isText: boolean;
  readonly parent: JsonObject | Json[];
  readonly key: string;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const minus = 0x2d;

/** Index of the quote that closes the string whose content begins at `from`, or -1. */
export const stringEnd = (text: string, from: number): number => {
  let end = text.indexOf('"', from);
  while (end > from && text.charCodeAt(end - 1) === backslash) {
    let back = end;
    while (back > from && text.charCodeAt(back - 1) === backslash) back--;
    if ((end - back) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return end;
};

/** Index behind the number that begins at `from`. */
export const numberEnd = (text: string, from: number): number => {
  let end = from;
  for (let code = text.charCodeAt(end); (code >= 0x2b && code !== comma && code <= 0x39) || (code | 0x20) === 0x65; )
    code = text.charCodeAt(++end);
  return end;
};

interface Open {
  readonly node: JsonObject | Json[];
  key: string;
  /** Of a list, items before this one; of an object, keys so far. */
  count: number;
  wantsKey: boolean;
}

/**
 * All strings and numbers of an object, in the order of the text; null where a key stands twice or is not an ordinary one.
 * @param text from which `value` was parsed.
 */
export const leavesOf = (text: string, value: JsonObject): Leaf[] | null => {
  const leaves: Leaf[] = [];
  const opened: Open[] = [];
  let inner: Open | undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const start = at + 1;
      at = stringEnd(text, start);
      if (inner?.wantsKey) {
        inner.key = JSON.parse(text.slice(start - 1, at + 1));
        if (inner.key === '__proto__') return null;
        inner.count++;
        inner.wantsKey = false;
      } else if (inner) leaves.push({ start, end: at, isText: true, parent: inner.node, key: inner.key });
    } else if (code === openBrace || code === openBracket) {
      const node = inner ? (inner.node as JsonObject)[inner.key] : value;
      if (typeof node !== 'object' || node === null) return null;
      inner = { node, key: '0', count: 0, wantsKey: code === openBrace };
      opened.push(inner);
    } else if (code === closeBrace || code === closeBracket) {
      if (code === closeBrace && inner && inner.count !== Object.keys(inner.node).length) return null;
      opened.pop();
      inner = opened.at(-1);
    } else if (code === comma && inner) {
      if (Array.isArray(inner.node)) inner.key = String(++inner.count);
      else inner.wantsKey = true;
    } else if (code === minus || (code >= 0x30 && code <= 0x39)) {
      const start = at;
      at = numberEnd(text, at) - 1;
      if (inner) leaves.push({ start, end: at + 1, isText: false, parent: inner.node, key: inner.key });
    }
  }
  return leaves;
};
