/** What a `webhook` exporter needs to know, in Otoroshi's names. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Problem } from '../kind.ts';
import { forbiddenLiteral } from '../net/address.ts';

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://',
      maxLength: 4096,
      description: 'Takes a POST with a JSON array of events and answers 2xx once it has them.',
      examples: ['https://collector.internal/llm-usage'],
    },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      default: {},
      description: 'Sent with every request; the place for credentials. Values are never logged.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration file's own way to name an environment variable
      examples: [{ authorization: 'Bearer ${COLLECTOR_TOKEN}' }],
    },
  },
} as const;

export interface WebhookConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Written {
  url: string;
  headers?: Record<string, string>;
}

/** Headers that the body and the connection decide. */
const ours = new Set([
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'host',
  'expect',
  'upgrade',
  'webhook-id',
]);

const headerProblem = (name: string, value: string): string | null => {
  if (ours.has(name.toLowerCase())) return 'this header is set by the exporter itself';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return null;
  } catch {
    return 'not a header that HTTP can carry'; // the reason would quote the value
  }
};

const urlProblem = (text: string): string | null => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return 'not an http:// or https:// address';
  if (url.username !== '' || url.password !== '') return 'put credentials into `headers`, not into the address';
  return forbiddenLiteral(url.hostname)
    ? `${url.hostname} is a link-local or metadata address; events are never sent there`
    : null;
};

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => {
  const wrongUrl = urlProblem(config.url);
  const wrongHeaders = Object.entries(config.headers ?? {}).flatMap(([name, value]) => {
    const message = headerProblem(name, value);
    return message === null ? [] : [{ place: `${place}.headers.${name}`, message }];
  });
  return wrongUrl === null ? wrongHeaders : [{ place: `${place}.url`, message: wrongUrl }, ...wrongHeaders];
};

export const read = (config: Written): WebhookConfig => ({ url: config.url, headers: config.headers ?? {} });
