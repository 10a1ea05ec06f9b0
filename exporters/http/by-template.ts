/** The type `http`: any method, any headers, a body by a template. */
import type { About } from '../kind.ts';
import { secretsOf } from '../net/answer.ts';
import { httpMeanings } from '../net/outcome.ts';
import { readHeaders, urlSchema } from '../net/target.ts';
import { readTls } from '../net/tls.ts';
import { type Common, common, commonProblems, type HttpConfig, headerValueProblem } from './settings.ts';
import { expressionNames, fill, holdsEvents, templateProblem, wordsOf } from './template.ts';

interface WrittenTemplate extends Common {
  url: string;
  method?: string;
  cookies?: { name: string; value: string }[];
  body?: string;
  content_type?: string;
  success?: number[];
}

const cookie = {
  type: 'object',
  required: ['name', 'value'],
  properties: {
    // The characters of RFC 6265, section 4.1.1.
    name: { type: 'string', pattern: "^[\\w!#$%&'*+.^`|~-]+$" },
    value: { type: 'string', pattern: '^[\\x21\\x23-\\x2B\\x2D-\\x3A\\x3C-\\x5B\\x5D-\\x7E]*$' },
  },
} as const;

/** See README.md. */
export const byTemplate: About<WrittenTemplate, HttpConfig> = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: {
      url: { ...urlSchema, description: 'Where requests go.', examples: ['https://collector.internal/logs'] },
      method: {
        type: 'string',
        pattern: '^(?!(?:[Cc][Oo][Nn][Nn][Ee][Cc][Tt]|[Tt][Rr][Aa][Cc][Ee])$)[A-Za-z]{1,20}$',
        default: 'GET',
        description: 'The method; a template nearly always wants POST.',
        examples: ['POST'],
      },
      cookies: {
        type: 'array',
        items: cookie,
        default: [],
        description:
          'Sent with every request; of each `name` and `value` are read. (Otoroshi reads them and does not send them.)',
      },
      body: {
        type: 'string',
        maxLength: 65_536,
        default: '',
        description:
          `The template of the body. Between \`\${\` and \`}\`: ${expressionNames.join(', ')}. In llm-audit.yaml a \`$\` more stands ` +
          'before it, since `${` means an environment variable there.',
        examples: ['$${events}'],
      },
      content_type: {
        type: 'string',
        minLength: 1,
        maxLength: 256,
        description: 'The header `Content-Type`; `application/json` when neither this nor `headers` has it.',
        examples: ['application/x-ndjson'],
      },
      success: {
        type: 'array',
        minItems: 1,
        items: { type: 'integer', minimum: 200, maximum: 599 },
        description: 'Statuses that mean that the events were taken; 200 to 299 when absent (Otoroshi: 200 to 298).',
        examples: [[200, 202, 409]],
      },
      ...common,
    },
  },

  problems: (config, place) => {
    const body = templateProblem(config.body ?? '');
    const type = config.content_type === undefined ? null : headerValueProblem(config.content_type);
    return [
      ...commonProblems(config, place, [
        ...(config.content_type === undefined ? [] : ['content-type']),
        ...((config.cookies ?? []).length === 0 ? [] : ['cookie']),
      ]),
      ...(body === null ? [] : [{ place: `${place}.body`, message: body }]),
      ...(type === null ? [] : [{ place: `${place}.content_type`, message: type }]),
    ];
  },

  read: (config) => {
    const { url, body = '', cookies = [], success } = config;
    const method = (config.method ?? 'GET').toUpperCase();
    const jar = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const headers = {
      'content-type': config.content_type ?? 'application/json',
      ...(jar !== '' && { cookie: jar }),
      ...readHeaders(config.headers),
    };
    return {
      url,
      method,
      headers,
      timeout: config.timeout ?? null,
      tls: readTls(config),
      gzip: config.compression === 'gzip',
      parts: (batch, now) => [{ count: batch.length, body: fill(body, batch, now) }],
      table: { statuses: success ? { ...httpMeanings, '2xx': 'stumbles', ...taken(success) } : httpMeanings },
      health: null,
      secrets: secretsOf(url, headers, wordsOf(body)),
      warnings: [
        ...(holdsEvents(body)
          ? []
          : ['the body has no events in it: what is sent tells the destination nothing of them']),
        ...(body !== '' && (method === 'GET' || method === 'HEAD')
          ? [`the method is ${method}: few servers read its body`]
          : []),
      ],
    };
  },
};

const taken = (statuses: readonly number[]): Record<string, 'delivered'> =>
  Object.fromEntries(statuses.map((status) => [status, 'delivered']));
