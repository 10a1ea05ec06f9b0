/** What the kinds `otlp` and, in Otoroshi's names, `otlp-logs` need to know. */
import type { Problem } from '../kind.ts';
import { headerProblems, headersSchema, readHeaders, urlProblems, urlSchema } from '../net/target.ts';
import { readTls, type Tls, tlsProblems, tlsSchema, type WrittenTls } from '../net/tls.ts';

const endpoint = {
  ...urlSchema,
  description:
    'Of OTLP over HTTP. An address without a path gets `/v1/logs`; one with a path is used as it is, so it is the whole of it.',
  examples: ['http://localhost:4318', 'https://otlp.example.net/otlp/v1/logs'],
} as const;

const gzip = { type: 'boolean', default: false, description: 'Compresses the requests.' } as const;

const resource = {
  type: 'object',
  additionalProperties: { type: 'string' },
  default: {},
  description:
    'Attributes of the resource that all records belong to; `service.name` is `llm-usage-audit` when not given.',
  examples: [{ 'service.name': 'llm-gateway', 'deployment.environment.name': 'prod' }],
} as const;

export interface OtlpConfig {
  /** Takes the POST. */
  readonly url: string;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly tls: Tls;
  readonly resource: Readonly<Record<string, string>>;
  /** Milliseconds for one attempt; null: `delivery.timeout`. */
  readonly timeout: number | null;
}

interface Written {
  endpoint: string;
  headers?: Record<string, string>;
  gzip?: boolean;
  tls?: WrittenTls;
  resource?: Record<string, string>;
}

interface WrittenByOtoroshi extends Pick<Written, 'tls' | 'resource'> {
  otlp: {
    grpc?: boolean;
    gzip?: boolean;
    endpoint: string;
    timeout?: number;
    client_cert?: string | null;
    trusted_cert?: string | null;
    headers?: Record<string, string>;
    max_batch?: number;
    max_duration?: number;
  };
}

const logsUrl = (text: string): string => {
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/v1/logs';
  return url.href;
};

const own = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['endpoint'],
    properties: { endpoint, headers: headersSchema, gzip, tls: tlsSchema, resource },
  },

  problems: (config: Written, place: string): Problem[] => [
    ...urlProblems(config.endpoint, `${place}.endpoint`),
    ...headerProblems(config.headers, `${place}.headers`, ['content-type', 'content-encoding']),
    ...tlsProblems({ ...(config.tls && { tls: config.tls }) }, place),
  ],

  read: (config: Written): OtlpConfig => ({
    url: logsUrl(config.endpoint),
    headers: readHeaders(config.headers),
    gzip: config.gzip ?? false,
    tls: readTls({ ...(config.tls && { tls: config.tls }) }),
    resource: { 'service.name': 'llm-usage-audit', ...config.resource },
    timeout: null,
  }),
} as const;

const notRead = (type: string, instead: string): object => ({ type, description: `Not read: ${instead}.` });
const certificate = {
  type: ['string', 'null'],
  description: "A certificate's id in Otoroshi; here it is `tls`.",
} as const;

const flat = ({ otlp, tls, resource: attributes }: WrittenByOtoroshi): Written => ({
  endpoint: otlp.endpoint,
  ...(otlp.headers && { headers: otlp.headers }),
  ...(otlp.gzip !== undefined && { gzip: otlp.gzip }),
  ...(tls && { tls }),
  ...(attributes && { resource: attributes }),
});

const otoroshis = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['otlp'],
    properties: {
      otlp: {
        type: 'object',
        additionalProperties: false,
        required: ['endpoint'],
        properties: {
          endpoint,
          headers: headersSchema,
          gzip,
          grpc: { type: 'boolean', default: false, description: 'Only `false`: HTTP with protobuf.' },
          timeout: {
            type: 'integer',
            minimum: 1,
            maximum: 3_600_000,
            description: 'Milliseconds for one attempt; `delivery.timeout` when absent.',
          },
          client_cert: certificate,
          trusted_cert: certificate,
          max_batch: notRead('integer', '`groupSize` says what makes a batch'),
          max_duration: notRead('integer', '`groupDuration` says what makes a batch'),
        },
      },
      tls: tlsSchema,
      resource,
    },
  },

  problems: (config: WrittenByOtoroshi, place: string): Problem[] => {
    const { otlp, tls } = config;
    const named = [
      ['client_cert', tls?.cert],
      ['trusted_cert', tls?.ca],
    ] as const;
    return [
      ...own.problems(flat(config), `${place}.otlp`).map((problem) => ({
        ...problem,
        place: problem.place.replace(`${place}.otlp.tls`, `${place}.tls`),
      })),
      ...(otlp.grpc
        ? [
            {
              place: `${place}.otlp.grpc`,
              message:
                'gRPC is not spoken here: set it to false, and `endpoint` to the port of OTLP over HTTP (4318 rather than 4317)',
            },
          ]
        : []),
      ...named.flatMap(([key, instead]) =>
        otlp[key] && instead === undefined
          ? [
              {
                place: `${place}.otlp.${key}`,
                message: 'names a certificate by its id in Otoroshi; put the PEM files into `tls: {ca, cert, key}`',
              },
            ]
          : [],
      ),
    ];
  },

  read: (config: WrittenByOtoroshi): OtlpConfig => ({
    ...own.read(flat(config)),
    timeout: config.otlp.timeout ?? null,
  }),
} as const;

export const types = { otlp: own, 'otlp-logs': otoroshis };
