/** What a `kafka` exporter needs to know: Otoroshi's names, and ours beside them. */
import type { ConnectionOptions } from 'node:tls';
import type { Problem } from '../kind.ts';
import { type MtlsConfig, mtlsConfigSchema, readTls, tlsProblems, tlsSchema, type WrittenTls } from '../net/tls.ts';
import { size } from '../schema.ts';
import { bytes } from '../units.ts';
import { type Compression, compressions } from './compression.ts';
import { propertiesProblems, readProperties, type WrittenProperties } from './properties.ts';
import { mechanisms, readSasl, type Sasl, saslProblems, type WrittenSasl } from './sasl.ts';
import { readStores, storesProblems, type WrittenStores } from './stores.ts';

const path = { type: ['string', 'null'], maxLength: 4096 } as const;

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['servers'],
  properties: {
    servers: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: { type: 'string', minLength: 1, maxLength: 4096 },
      description: 'Brokers to ask first, `host:port`; they name the others.',
      examples: [['kafka-1.internal:9092', 'kafka-2.internal:9092']],
    },
    topic: {
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      default: 'otoroshi-events',
      description: 'Where the events go. A topic that is missing is created if the brokers do that by themselves.',
    },
    sendEvents: { type: 'boolean', default: false, description: 'Accepted for compatibility and not read.' },
    hostValidation: {
      type: 'boolean',
      default: true,
      description: "Whether a broker's certificate must be for its host. Said in the log at every start when false.",
    },
    securityProtocol: {
      enum: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
      default: 'PLAINTEXT',
      description: 'TLS, SASL, both or nothing.',
    },
    saslConfig: {
      type: ['object', 'null'],
      additionalProperties: false,
      default: null,
      description: 'Needed for `SASL_PLAINTEXT` and `SASL_SSL`.',
      properties: {
        username: { type: 'string', description: 'No default (Otoroshi: `foo`).' },
        password: { type: 'string', description: 'No default (Otoroshi: `bar`). Never logged.' },
        mechanism: { enum: [...mechanisms], default: 'PLAIN', description: 'How the password is shown.' },
        jaasConfig: {
          type: ['string', 'null'],
          default: null,
          description: 'With `SASL_SSL`, user name and password are taken from here when present.',
        },
      },
    },
    keyPass: {
      type: ['string', 'null'],
      default: null,
      description: 'Password of `keystore` and `truststore`. Never logged.',
    },
    keystore: { ...path, default: null, description: 'PKCS12 file with the client certificate (mTLS); or use `tls`.' },
    truststore: {
      ...path,
      default: null,
      description: 'PKCS12 file with a key and the authorities to trust; one without a key, or JKS: use `tls`.',
    },
    mtlsConfig: mtlsConfigSchema,
    properties: {
      type: ['object', 'null'],
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      default: null,
      description:
        'Properties of the Java client. Read: `compression.type`, `client.id`, `request.timeout.ms`, `max.request.size`, `acks` (`all` only).',
    },
    tls: tlsSchema,
    compression: {
      enum: [...compressions],
      default: 'none',
      description: '`lz4` needs the package lz4-napi, `snappy` kafkajs-snappy.',
    },
    key: {
      enum: ['apikey', 'id', 'none'],
      default: 'apikey',
      description:
        'Key of a message (Otoroshi: none). `apikey`: `apikey.clientId`, so that the events of one API key stay in order; `@id` when it has none.',
    },
    max_message_bytes: {
      ...size,
      default: '1MiB',
      description:
        "What the brokers take, `max.message.bytes` of the topic: of one message, and of a partition's messages in one request.",
    },
    trim: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 256 },
      default: ['input_prompt', 'output'],
      description: 'Fields (dotted paths) that an event loses when it is too large for a message.',
    },
  },
} as const;

interface Written extends WrittenStores {
  servers: readonly string[];
  topic?: string;
  sendEvents?: boolean;
  hostValidation?: boolean;
  securityProtocol?: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  saslConfig?: WrittenSasl | null;
  mtlsConfig?: MtlsConfig;
  properties?: WrittenProperties | null;
  tls?: WrittenTls;
  compression?: Compression;
  key?: 'apikey' | 'id' | 'none';
  max_message_bytes?: string | number;
  trim?: readonly string[];
}

export interface KafkaConfig {
  /** `host:port`. */
  readonly servers: readonly string[];
  readonly topic: string;
  readonly clientId: string;
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null;
  /** Null: no SASL. */
  readonly sasl: Sasl | null;
  readonly compression: Compression;
  readonly key: 'apikey' | 'id' | 'none';
  /** Bytes. */
  readonly maxMessageBytes: number;
  readonly trim: readonly string[];
  /** Milliseconds for one request; Infinity: those of the attempt. */
  readonly requestTimeout: number;
}

/** Otoroshi joins them with commas, so an entry may hold several; and Kafka's own notation has a protocol in front. */
const serversOf = (servers: readonly string[]): string[] =>
  servers
    .flatMap((entry) => entry.split(','))
    .map((entry) => entry.trim().replace(/^[A-Z_]+:\/\//, ''))
    .filter((entry) => entry !== '');

const serverProblem = (server: string): string | null => {
  if (server.includes('[')) return `${server}: name the host, an IPv6 address cannot be connected to`;
  const [, port] = /^[A-Za-z0-9._-]+:([0-9]{1,5})$/.exec(server) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536 ? null : 'not host:port';
};

const usesTls = ({ securityProtocol }: Written): boolean =>
  securityProtocol === 'SSL' || securityProtocol === 'SASL_SSL';
const usesSasl = ({ securityProtocol }: Written): boolean => securityProtocol?.startsWith('SASL') ?? false;

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => {
  const servers = serversOf(config.servers);
  const wrongServers = servers.flatMap((server) => {
    const message = serverProblem(server);
    return message === null ? [] : [{ place: `${place}.servers`, message }];
  });
  return [
    ...(servers.length === 0 ? [{ place: `${place}.servers`, message: 'no server is named' }] : wrongServers),
    ...(usesSasl(config) ? saslProblems(config.saslConfig, usesTls(config), `${place}.saslConfig`) : []),
    ...(usesTls(config)
      ? [...tlsProblems(config, place), ...storesProblems(config, place)]
      : Object.values(config.tls ?? {}).some((value) => value !== false) // what the schema fills in says nothing
        ? [{ place: `${place}.tls`, message: 'means nothing without `securityProtocol: SSL` or `SASL_SSL`' }]
        : []),
    ...propertiesProblems(config.properties, `${place}.properties`),
    ...(['.', '..'].includes(config.topic ?? '')
      ? [{ place: `${place}.topic`, message: 'not a name that Kafka allows' }]
      : []),
  ];
};

/** Reads the files that it names. */
export const read = (config: Written): KafkaConfig => {
  const { clientId, compression, requestTimeout, maxRequestSize } = readProperties(config.properties);
  const maxMessageBytes = config.max_message_bytes === undefined ? maxRequestSize : bytes(config.max_message_bytes);
  return {
    servers: serversOf(config.servers),
    topic: config.topic ?? schema.properties.topic.default,
    clientId: clientId ?? 'llm-usage-audit',
    tls: usesTls(config)
      ? {
          ...readTls(config),
          ...readStores(config),
          ...(config.hostValidation === false && { checkServerIdentity: () => undefined }),
        }
      : null,
    sasl: usesSasl(config) && config.saslConfig ? readSasl(config.saslConfig, usesTls(config)) : null,
    compression: config.compression ?? compression ?? 'none',
    key: config.key ?? 'apikey',
    maxMessageBytes: Math.min(
      maxMessageBytes ?? bytes(schema.properties.max_message_bytes.default),
      maxRequestSize ?? Number.POSITIVE_INFINITY,
    ),
    trim: config.trim ?? schema.properties.trim.default,
    requestTimeout: requestTimeout ?? Number.POSITIVE_INFINITY,
  };
};
