/** What a destination answers, for people: short, and without the secrets that it may send back. */
import type { Answer } from './http.ts';

/** Characters of a refusal's body that are worth keeping. */
const excerptLength = 200;
/** Shorter ones would also be found in words that are none. */
const shortestSecret = 6;
const shortestSegment = 12;

/** A text, and what it is in Base64 or out of an escape for URLs. */
const formsOf = (secret: string): string[] => {
  const bytes = Buffer.from(secret);
  const forms = [secret, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
  try {
    forms.push(decodeURIComponent(secret));
  } catch {
    // Not escaped, then.
  }
  return forms;
};

/** `Bearer xyz` may come back as `xyz`, `Basic …` and `ApiKey …` as what is inside. */
const partsOf = (value: string): string[] => {
  const [, encoded] = /^(?:basic|apikey)\s+(\S+)$/i.exec(value) ?? [];
  const inside = encoded === undefined ? [] : [Buffer.from(encoded, 'base64').toString()];
  return [value, ...inside].flatMap((text) => [text, ...text.split(/\s+/), ...text.split(/[\s,;=:"]+/)]);
};

/** Of an address: all behind the host, each value of the query, and path segments long enough to be a token. */
const secretsOfUrl = (text: string): string[] => {
  const url = URL.parse(text);
  if (!url) return [];
  const long = url.pathname.split('/').filter((segment) => segment.length >= shortestSegment);
  return [text, `${url.pathname}${url.search}`, url.search, ...url.searchParams.values(), ...long];
};

/** All that must not get out of an exporter with these headers at this address, and `more`; longest first. */
export const secretsOf = (
  url: string,
  headers: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): string[] => {
  const all = [...Object.values(headers), ...more].flatMap(partsOf).concat(secretsOfUrl(url)).flatMap(formsOf);
  return [...new Set(all)]
    .filter((secret) => secret.length >= shortestSecret)
    .sort((one, other) => other.length - one.length);
};

const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

const percent = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%(?:25)?${byte.toString(16).padStart(2, '0')}`).join('');

/** A character, or several backslashes, as it stands in JSON (also within JSON), URLs (also twice) and HTML; letters and digits are never escaped. */
const spelled = (char: string): string => {
  if (/[A-Za-z0-9]/.test(char)) return char;
  if (char.startsWith('\\')) return String.raw`(?:\\{${char.length},${4 * char.length}}|(?:%5c|%255c){${char.length}})`;
  const hex = char.charCodeAt(0).toString(16);
  const html = [`#${char.charCodeAt(0)}`, `#x0*${hex}`, ...(names[char] === undefined ? [] : [names[char]])];
  const forms = [
    String.raw`\\{0,3}${RegExp.escape(char)}`,
    String.raw`\\{1,3}u${hex.padStart(4, '0')}`,
    percent(Buffer.from(char.toWellFormed())),
    `&(?:${html.join('|')});`,
  ];
  return `(?:${forms.join('|')})`;
};

const patterns = new WeakMap<readonly string[], RegExp>();

/** Finds the secrets in all those spellings, made once for an exporter. Letters of another case are found as well. */
const patternOf = (secrets: readonly string[]): RegExp => {
  const known = patterns.get(secrets);
  if (known) return known;
  const made = new RegExp(
    secrets.map((secret) => (secret.match(/\\+|./gsu) ?? []).map(spelled).join('')).join('|') || '(?!)',
    'gi',
  );
  patterns.set(secrets, made);
  return made;
};

/** Characters that it takes at most, about. */
const longestSpelling = (secret: string): number => secret.length + 8 * secret.replace(/[A-Za-z0-9]/g, '').length;

/** One line without secrets and without characters that do things to a terminal. */
export const excerptOf = ({ body }: Pick<Answer, 'body'>, secrets: readonly string[]): string => {
  const text = body.toString('utf8', 0, 8192);
  // A secret that the cut has halved is not found any more.
  const whole =
    body.length > 8192 ? text.slice(0, Math.max(0, text.length - Math.max(0, ...secrets.map(longestSpelling)))) : text;
  return whole
    .replace(patternOf(secrets), '***')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, excerptLength);
};
