/** The classes of characters that Java patterns name: `\w`, `\p{Alpha}`, `\p{IsGreek}`, line ends. */
import { type CharTest, PatternError, UnsupportedPattern } from './syntax.ts';

const matching =
  (expression: RegExp): CharTest =>
  (code) =>
    expression.test(String.fromCodePoint(code));

export const not =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);

export const either =
  (one: CharTest, other: CharTest): CharTest =>
  (code) =>
    one(code) || other(code);

export const both =
  (one: CharTest, other: CharTest): CharTest =>
  (code) =>
    one(code) && other(code);

export const isLineEnd: CharTest = (code) =>
  code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;

/** What `\b` takes for a part of a word: letters and digits of all scripts, unlike `\w` (JDK 17). */
export const isWordPart: CharTest = matching(/^[\p{L}\p{Nd}_]$/u);

const ascii = {
  d: matching(/^[0-9]$/),
  w: matching(/^[A-Za-z0-9_]$/),
  s: matching(/^[ \t\n\v\f\r]$/),
} as const;

const unicode = {
  d: matching(/^\p{Nd}$/u),
  w: matching(/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u),
  s: matching(/^\p{White_Space}$/u),
} as const;

/** `\h` and `\v`: spaces in a line, ends of lines. */
const spaces = {
  h: matching(/^[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]$/),
  v: matching(/^[\n\v\f\r\x85\u2028\u2029]$/),
} as const;

/** `\d \D \w \W \s \S \h \H \v \V`, or null. */
export const shorthand = (letter: string, unicodeClasses: boolean): CharTest | null => {
  const name = letter.toLowerCase();
  const table: Record<string, CharTest> = { ...(unicodeClasses ? unicode : ascii), ...spaces };
  const test = table[name];
  if (!test) return null;
  return name === letter ? test : not(test);
};

const posix: Record<string, RegExp> = {
  Lower: /^[a-z]$/,
  Upper: /^[A-Z]$/,
  ASCII: /^\p{ASCII}$/u,
  Alpha: /^[A-Za-z]$/,
  Digit: /^[0-9]$/,
  Alnum: /^[A-Za-z0-9]$/,
  Punct: /^[!-/:-@[-`{-~]$/,
  Graph: /^[!-~]$/,
  Print: /^[ -~]$/,
  Blank: /^[ \t]$/,
  Cntrl: /^(?=\p{Cc})\p{ASCII}$/u,
  XDigit: /^[0-9A-Fa-f]$/,
  Space: /^[ \t\n\v\f\r]$/,
};

/** The same names under `(?U)`. */
const unicodePosix: Record<string, RegExp> = {
  Lower: /^\p{Lowercase}$/u,
  Upper: /^\p{Uppercase}$/u,
  Alpha: /^\p{Alphabetic}$/u,
  Digit: /^\p{Nd}$/u,
  Alnum: /^[\p{Alphabetic}\p{Nd}]$/u,
  Punct: /^\p{P}$/u,
  Graph: /^[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]$/u,
  Print: /^(?!\p{Cc})(?:[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]|[\p{Zs}])$/u,
  Blank: /^[\p{Zs}\t]$/u,
  Cntrl: /^\p{Cc}$/u,
  XDigit: /^[\p{Nd}\p{Hex_Digit}]$/u,
  Space: /^\p{White_Space}$/u,
};

const java: Record<string, RegExp> = {
  javaLowerCase: /^\p{Lowercase}$/u,
  javaUpperCase: /^\p{Uppercase}$/u,
  javaAlphabetic: /^\p{Alphabetic}$/u,
  javaTitleCase: /^\p{Lt}$/u,
  javaDigit: /^\p{Nd}$/u,
  javaLetter: /^\p{L}$/u,
  javaLetterOrDigit: /^[\p{L}\p{Nd}]$/u,
  javaSpaceChar: /^[\p{Zs}\p{Zl}\p{Zp}]$/u,
  javaISOControl: /^\p{Cc}$/u,
  javaMirrored: /^\p{Bidi_Mirrored}$/u,
};

/** No blank that must not break, and the four separators of files, groups, records and units. */
const isJavaWhitespace = either(
  matching(/^(?![\xA0\u2007\u202F])[\p{Z}\t-\r]$/u),
  (code) => code >= 0x1c && code <= 0x1f,
);

/** Binary properties behind `\p{Is…}`; upper case, underscores as written in Java. */
const binary: Record<string, string> = {
  ALPHABETIC: 'Alphabetic',
  LETTER: 'L',
  IDEOGRAPHIC: 'Ideographic',
  LOWERCASE: 'Lowercase',
  UPPERCASE: 'Uppercase',
  TITLECASE: 'Lt',
  WHITE_SPACE: 'White_Space',
  WHITESPACE: 'White_Space',
  PUNCTUATION: 'P',
  CONTROL: 'Cc',
  HEX_DIGIT: 'Hex_Digit',
  HEXDIGIT: 'Hex_Digit',
  DIGIT: 'Nd',
  ASSIGNED: 'Assigned',
  NONCHARACTER_CODE_POINT: 'Noncharacter_Code_Point',
  NONCHARACTERCODEPOINT: 'Noncharacter_Code_Point',
  JOIN_CONTROL: 'Join_Control',
  JOINCONTROL: 'Join_Control',
};

const property = (name: string): CharTest | null => {
  try {
    return matching(new RegExp(`^\\p{${name}}$`, 'u'));
  } catch {
    return null;
  }
};

const category = (name: string): CharTest | null => {
  if (name === 'LC') return matching(/^[\p{Lu}\p{Ll}\p{Lt}]$/u);
  if (name === 'LD') return matching(/^[\p{L}\p{Nd}]$/u);
  if (name === 'L1') return (code) => code <= 0xff;
  if (name === 'all') return () => true;
  return /^[LMNZCPS][a-z]?$/.test(name) ? property(name) : null;
};

const titled = (name: string): string => name.toLowerCase().replace(/(?:^|_)[a-z]/g, (letter) => letter.toUpperCase());

const script = (name: string): CharTest | null => property(`Script=${titled(name)}`);

/** The class that `\p{name}` means. */
export const named = (name: string, unicodeClasses: boolean): CharTest => {
  const own = (table: Record<string, RegExp>): RegExp | undefined =>
    Object.hasOwn(table, name) ? table[name] : undefined;
  const [, key, value = ''] = /^([^=]+)=(.*)$/.exec(name) ?? [];
  if (key !== undefined) {
    const find = /^(?:sc|script)$/i.test(key) ? script : /^(?:gc|general_category)$/i.test(key) ? category : null;
    const found = find?.(value);
    if (found) return found;
    if (/^blk$|^block$/i.test(key)) throw new UnsupportedPattern(`blocks of Unicode, \\p{${name}}`);
    throw new PatternError(`unknown property \\p{${name}}`);
  }
  if (name === 'javaWhitespace') return isJavaWhitespace;
  const simple = (unicodeClasses ? own(unicodePosix) : undefined) ?? own(posix) ?? own(java);
  if (simple) return matching(simple);
  if (name.startsWith('In')) throw new UnsupportedPattern(`blocks of Unicode, \\p{${name}}`);
  if (name.startsWith('Is')) {
    const rest = name.slice(2);
    const known = binary[rest.toUpperCase()];
    const found = (known ? property(known) : null) ?? category(rest) ?? script(rest);
    if (found) return found;
  }
  const found = category(name);
  if (found) return found;
  throw new PatternError(`unknown class \\p{${name}}`);
};

const single = (text: string, original: number): number => {
  const code = text.codePointAt(0) ?? original;
  return text.length === (code > 0xffff ? 2 : 1) ? code : original;
};

const upper = (code: number): number => single(String.fromCodePoint(code).toUpperCase(), code);
const lower = (code: number): number => single(String.fromCodePoint(code).toLowerCase(), code);

const asciiUpper = (code: number): number => (code >= 97 && code <= 122 ? code - 32 : code);
const asciiLower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code);

/** How two characters compare: exactly, or without case, in ASCII or (`(?iu)`) everywhere. */
export const comparison = (ignoreCase: boolean, unicodeCase: boolean): ((one: number, other: number) => boolean) => {
  if (!ignoreCase) return (one, other) => one === other;
  if (!unicodeCase) return (one, other) => asciiLower(one) === asciiLower(other);
  const folded = (code: number): number => lower(upper(code));
  return (one, other) => one === other || folded(one) === folded(other);
};

export const range = (from: number, to: number, ignoreCase: boolean, unicodeCase: boolean): CharTest => {
  const inside: CharTest = (code) => code >= from && code <= to;
  if (!ignoreCase) return inside;
  if (!unicodeCase) return (code) => inside(code) || inside(asciiUpper(code)) || inside(asciiLower(code));
  return (code) => inside(code) || inside(upper(code)) || inside(lower(upper(code)));
};
