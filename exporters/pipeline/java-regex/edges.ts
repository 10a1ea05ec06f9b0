/** The places in a text that Java patterns name: edges of words, lines and the whole. */
import { isLineEnd } from './chars.ts';
import type { Assertion, CharTest } from './syntax.ts';

const codeBefore = (text: string, at: number): number | undefined => {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? text.codePointAt(at - 2) : at > 0 ? low : undefined;
};

const isWordAt = (text: string, at: number, is: CharTest): boolean =>
  at < text.length && is(text.codePointAt(at) as number);

export const wordEdge =
  (is: CharTest): Assertion =>
  (text, at) => {
    const before = codeBefore(text, at);
    return (before !== undefined && is(before)) !== isWordAt(text, at, is);
  };

/** Before the last line end, or at the end of the text: `$` and `\Z`. */
export const atEnd =
  (unixLines: boolean): Assertion =>
  (text, at) => {
    const rest = text.length - at;
    if (rest === 0) return true;
    if (unixLines) return rest === 1 && text[at] === '\n';
    if (rest === 2) return text[at] === '\r' && text[at + 1] === '\n';
    if (rest !== 1 || !isLineEnd(text.charCodeAt(at))) return false;
    return !(text[at] === '\n' && text[at - 1] === '\r');
  };

export const lineStart =
  (isEnd: CharTest): Assertion =>
  (text, at) => {
    if (at === 0) return true;
    if (at === text.length || !isEnd(text.charCodeAt(at - 1))) return false;
    return !(text[at - 1] === '\r' && text[at] === '\n' && isEnd(13));
  };

export const lineEnd =
  (isEnd: CharTest): Assertion =>
  (text, at) => {
    if (at === text.length) return true;
    if (!isEnd(text.charCodeAt(at))) return false;
    return !(text[at] === '\n' && text[at - 1] === '\r' && isEnd(13));
  };

export const isNewline: CharTest = (code) => code === 10;
