/** `$wildcard` patterns as Otoroshi reads them: `*` is any run within a line, `.` a dot, the rest a Java pattern. */
import { javaRegex } from './java-regex/regex.ts';

const special = /[\\^$+?()[\]{}|]/;
const lineBreak = /[\n\r\u0085\u2028\u2029]/;

/** Every piece between two stars at its first place behind the one before: linear, and the usual case. */
const starMatcher = (pattern: string): ((text: string) => boolean) => {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    if (lineBreak.test(text)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const piece of rest) {
      const at = text.indexOf(piece, from);
      if (at < 0 || at + piece.length > end) return false;
      from = at + piece.length;
    }
    return true;
  };
};

/** Throws a PatternError when the pattern is none once its stars and dots are replaced. */
export const wildcard = (pattern: string): ((text: string) => boolean) =>
  special.test(pattern) || lineBreak.test(pattern)
    ? javaRegex(pattern.replaceAll('.', '\\.').replaceAll('*', '.*'))
    : starMatcher(pattern);
