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

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      ...urlSchema,
      description: 'Takes a POST with a JSON array of events and answers 2xx once it has them.',
      examples: ['https://collector.internal/llm-usage'],
    },
    headers: headersSchema,
    tls: tlsSchema,
    mtlsConfig: mtlsConfigSchema,
  },
} as const;

export interface WebhookConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
}

interface Written {
  url: string;
  headers?: Record<string, string>;
  tls?: WrittenTls;
  mtlsConfig?: MtlsConfig;
}

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => [
  ...urlProblems(config.url, `${place}.url`),
  ...headerProblems(config.headers, `${place}.headers`, ['content-type', 'webhook-id']),
  ...tlsProblems(config, place),
];

export const read = (config: Written): WebhookConfig => ({
  url: config.url,
  headers: readHeaders(config.headers),
  tls: readTls(config),
});
