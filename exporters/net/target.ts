/** `url` and `headers` of every kind that speaks HTTP: their schema, and what it cannot say. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Problem } from '../kind.ts';
import { forbiddenLiteral } from './address.ts';

export const urlSchema = { type: 'string', pattern: '^https?://', maxLength: 4096 } as const;

export const headersSchema = {
  type: 'object',
  additionalProperties: { type: 'string' },
  default: {},
  description: 'Sent with every request; the place for credentials. Values are never logged.',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration file's own way to name an environment variable
  examples: [{ authorization: 'Bearer ${COLLECTOR_TOKEN}' }],
} as const;

/** Headers that the body and the connection decide, whatever the kind. */
const always = [
  'content-length',
  'transfer-encoding',
  'connection',
  'host',
  'expect',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
];

const headerProblem = (name: string, value: string, ours: readonly string[]): string | null => {
  const key = name.toLowerCase();
  if (always.includes(key) || ours.includes(key)) return 'this header is set by the exporter itself';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return null;
  } catch {
    return 'not a header that HTTP can carry'; // the reason would quote the value
  }
};

/** `ours`: headers in lower case that the kind sets beside those of every request. */
export const headerProblems = (
  headers: Readonly<Record<string, string>> = {},
  place: string,
  ours: readonly string[] = [],
): Problem[] => {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const again = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    const message = again ? 'stands here twice' : headerProblem(name, value, ours);
    return message === null ? [] : [{ place: `${place}.${name}`, message }];
  });
};

export const urlProblems = (text: string, place: string): Problem[] => {
  const message = urlProblem(text);
  return message === null ? [] : [{ place, message }];
};

const urlProblem = (text: string): string | null => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return 'not an http:// or https:// address';
  // Also a placeholder in the place of a host: what an event says must not choose who gets it.
  if (/^https?:[/\\]*[^/\\?#]*@/i.test(text)) return 'put credentials into `headers`, not into the address';
  return forbiddenLiteral(url.hostname)
    ? `${url.hostname} is a link-local or metadata address; events are never sent there`
    : null;
};

/** With names in lower case, as requests want them. */
export const readHeaders = (headers: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
