/** What a destination answers, for people: short, and without the secrets that it may send back. */
import type { Answer } from './http.ts';

/** Characters of a refusal's body that are worth keeping. */
const excerptLength = 200;
/** Shorter ones would also be found in words that are none. */
const shortestSecret = 6;
const shortestSegment = 12;

/** A text, and the forms in which it may come back: unescaped, escaped for URLs, JSON, HTML, and out of Base64. */
const formsOf = (secret: string): string[] => {
  const forms = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  ];
  try {
    forms.push(decodeURIComponent(secret));
  } catch {
    // Not escaped, then.
  }
  return forms;
};

/** `Bearer xyz` may come back as `xyz`, `Basic …` as the name and the password inside. */
const partsOf = (value: string): string[] => {
  const [, basic] = /^basic\s+(\S+)$/i.exec(value) ?? [];
  const inside = basic === undefined ? [] : [Buffer.from(basic, 'base64').toString()];
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

/** One line without secrets and without characters that do things to a terminal. */
export const excerptOf = ({ body }: Pick<Answer, 'body'>, secrets: readonly string[]): string => {
  const text = body.toString('utf8', 0, 8192);
  // A secret that the cut has halved is not found any more.
  const whole = body.length > 8192 ? text.slice(0, Math.max(0, text.length - (secrets[0]?.length ?? 0))) : text;
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), whole);
  return clean
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, excerptLength);
};
