/** Joda-Time's date patterns, as `$date_from_unix_fmt` takes them. Always in UTC and English. */

type Piece = (date: Date) => string;

const day = 86_400_000;

const padded = (value: number, length: number): string => {
  const digits = String(Math.abs(value)).padStart(length, '0');
  return value < 0 ? `-${digits}` : digits;
};

const named = (options: Intl.DateTimeFormatOptions): Piece => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
  return (date) => format.format(date);
};

const dayOfWeek = (date: Date): number => date.getUTCDay() || 7;

const startOfYear = (year: number): number => {
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return start.getTime();
};

const dayOfYear = (date: Date): number => Math.floor((date.getTime() - startOfYear(date.getUTCFullYear())) / day) + 1;

/** The Thursday of the same ISO week: its year is the week's year. */
const thursday = (date: Date): Date => new Date(date.getTime() + (4 - dayOfWeek(date)) * day);

/** Year 1 BC is 1, as year 1 AD is. */
const yearOfEra = (date: Date): number =>
  date.getUTCFullYear() > 0 ? date.getUTCFullYear() : 1 - date.getUTCFullYear();

const number =
  (length: number, of: (date: Date) => number): Piece =>
  (date) =>
    padded(of(date), length);

const year = (length: number, of: (date: Date) => number): Piece =>
  length === 2 ? (date) => padded(Math.abs(of(date)) % 100, 2) : number(length, of);

const half = (hours: number): number => hours % 12;

const pieces: Readonly<Record<string, (length: number) => Piece>> = {
  G: () => (date) => (date.getUTCFullYear() > 0 ? 'AD' : 'BC'),
  C: (length) => number(length, (date) => Math.floor(yearOfEra(date) / 100)),
  Y: (length) => year(length, yearOfEra),
  y: (length) => year(length, (date) => date.getUTCFullYear()),
  x: (length) => year(length, (date) => thursday(date).getUTCFullYear()),
  w: (length) => number(length, (date) => Math.ceil(dayOfYear(thursday(date)) / 7)),
  e: (length) => number(length, dayOfWeek),
  E: (length) => named({ weekday: length >= 4 ? 'long' : 'short' }),
  D: (length) => number(length, dayOfYear),
  M: (length) =>
    length >= 3 ? named({ month: length >= 4 ? 'long' : 'short' }) : number(length, (date) => date.getUTCMonth() + 1),
  d: (length) => number(length, (date) => date.getUTCDate()),
  a: () => (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  K: (length) => number(length, (date) => half(date.getUTCHours())),
  h: (length) => number(length, (date) => half(date.getUTCHours()) || 12),
  H: (length) => number(length, (date) => date.getUTCHours()),
  k: (length) => number(length, (date) => date.getUTCHours() || 24),
  m: (length) => number(length, (date) => date.getUTCMinutes()),
  s: (length) => number(length, (date) => date.getUTCSeconds()),
  S: (length) => (date) => padded(date.getUTCMilliseconds(), 3).padEnd(length, '0').slice(0, length),
  z: (length) => () => (length >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: (length) => () => (length === 1 ? '+0000' : length === 2 ? '+00:00' : 'UTC'),
};

/** Text up to the next letter, quotes undone: `'T'`, `''`. */
const literal = (text: string): string => {
  let quoted = false;
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "'") out += text[at];
    else if (text[at + 1] === "'") {
      out += "'";
      at++;
    } else quoted = !quoted;
  }
  return out;
};

const token = /([A-Za-z])\1*|(?:'(?:[^']|'')*(?:'|$)|[^A-Za-z'])+/gy;

export const defaultPattern = "yyyy-MM-dd'T'HH:mm:ss.SSSZ";

/** Milliseconds since 1970 as text; null: a time too far away. The whole is null when the pattern is none. */
export const datePattern = (pattern: string): ((millis: number) => string | null) | null => {
  if (pattern === '') return null;
  const parts: Piece[] = [];
  for (const [text, letter] of pattern.matchAll(token)) {
    if (letter === undefined) {
      const fixed = literal(text);
      parts.push(() => fixed);
      continue;
    }
    const make = Object.hasOwn(pieces, letter) ? pieces[letter] : undefined;
    if (!make) return null;
    parts.push(make(text.length));
  }
  return (millis) => {
    const date = new Date(millis);
    return Number.isNaN(date.getTime()) ? null : parts.map((part) => part(date)).join('');
  };
};
