/** What a `webhook` exporter needs to know, in Otoroshi's names. */
import type { Problem } from '../kind.ts';
import { headerProblems, headersSchema, readHeaders, urlProblems, urlSchema } from '../net/target.ts';
import {
  type MtlsConfig,
  mtlsConfigSchema,
  readTls,
  type Tls,
  tlsProblems,
  tlsSchema,
  type WrittenTls,
} from '../net/tls.ts';
import { type Envelope, type FormatName, formats } from './format.ts';
import { secretProblem } from './signature.ts';

const cloudevents = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'For the formats `cloudevents` and `cloudevents_single`.',
  properties: {
    source: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      default: 'urn:llm-usage-audit:gateway',
      description: 'The attribute `source`: a URI that names this installation.',
      examples: ['https://gateway.example.com'],
    },
    type_prefix: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-]*$',
      maxLength: 256,
      default: 'io.otoroshi.',
      description: 'Stands before the name of the event in the attribute `type`.',
      examples: ['com.example.llm.'],
    },
  },
} as const;

const signing = {
  type: 'object',
  additionalProperties: false,
  required: ['secrets'],
  description: 'Signs every request as Standard Webhooks 1.0 says.',
  properties: {
    secrets: {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      items: { type: 'string' },
      description:
        '`whsec_` and 24 to 64 bytes in Base64. With several, each signs: put the new one beside the old one until every receiver knows it.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration file's own way to name an environment variable
      examples: [['${WEBHOOK_SECRET}']],
    },
  },
} as const;

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      ...urlSchema,
      description:
        'Takes a POST of events and answers 2xx once it has them. `@service`, `@serviceId`, `@id` and `@type` behind the host ' +
        'stand for the values of the first event of the batch.',
      examples: ['https://collector.internal/llm-usage'],
    },
    headers: headersSchema,
    format: {
      enum: Object.keys(formats),
      default: 'array',
      description:
        '`array`: one JSON array per batch, as Otoroshi. `single`: one event per request. `cloudevents`: CloudEvents 1.0, one JSON ' +
        'batch per batch; `cloudevents_single`: one of them per request.',
    },
    cloudevents,
    signing,
    tls: tlsSchema,
    mtlsConfig: mtlsConfigSchema,
  },
} as const;

export interface WebhookConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: FormatName;
  readonly envelope: Envelope;
  /** As written; none: requests are not signed. */
  readonly secrets: readonly string[];
  readonly tls: Tls;
}

export interface Written {
  url: string;
  headers?: Record<string, string>;
  format?: FormatName;
  cloudevents?: { source?: string; type_prefix?: string };
  signing?: { secrets: string[] };
  tls?: WrittenTls;
  mtlsConfig?: MtlsConfig;
}

const sourceProblem = (source: string | undefined, place: string): Problem[] =>
  source === undefined || /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/.test(source)
    ? []
    : [{ place, message: 'a URI has no blanks and no characters beyond ASCII; escape them with %' }];

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => [
  ...urlProblems(config.url, `${place}.url`),
  ...headerProblems(config.headers, `${place}.headers`, [
    'content-type',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ]),
  ...sourceProblem(config.cloudevents?.source, `${place}.cloudevents.source`),
  ...(config.signing?.secrets ?? []).flatMap((secret, index) => {
    const message = secretProblem(secret);
    return message === null ? [] : [{ place: `${place}.signing.secrets[${index}]`, message }];
  }),
  ...tlsProblems(config, place),
];

export const read = (config: Written): WebhookConfig => ({
  url: config.url,
  headers: readHeaders(config.headers),
  format: config.format ?? 'array',
  envelope: {
    source: config.cloudevents?.source ?? 'urn:llm-usage-audit:gateway',
    typePrefix: config.cloudevents?.type_prefix ?? 'io.otoroshi.',
  },
  secrets: config.signing?.secrets ?? [],
  tls: readTls(config),
});
