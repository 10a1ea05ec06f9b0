/** What an `elastic` exporter needs to know, in Otoroshi's names where it has one. */
import type { Problem } from '../kind.ts';
import { headerProblems, headersSchema, readHeaders, urlProblems } from '../net/target.ts';
import {
  type MtlsConfig,
  mtlsConfigSchema,
  readTls,
  type Tls,
  tlsProblems,
  tlsSchema,
  type WrittenTls,
} from '../net/tls.ts';
import { size } from '../schema.ts';
import { bytes } from '../units.ts';

const textOrNull = { type: ['string', 'null'], maxLength: 4096 } as const;
/** What Elasticsearch takes for an age: whole numbers only. */
const age = { type: 'string', pattern: '^[1-9][0-9]{0,5}(m|h|d)$' } as const;
/** Not in the schema: there they would be filled in where nothing rolls over. */
const rollover = { age: '30d', size: '50GiB' } as const;
const copies = (text: string, minimum: number) =>
  ({ type: 'integer', minimum, maximum: 1024, default: 1, description: text }) as const;

export const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    uris: {
      type: 'array',
      items: { type: 'string', maxLength: 8192 },
      maxItems: 100,
      default: [],
      description: 'Nodes of the cluster, taken in turn; one that does not answer is left out for a while.',
      examples: [['https://es1.internal:9200', 'https://es2.internal:9200']],
    },
    clusterUri: {
      ...textOrNull,
      description: 'One node more, or several with commas between, before those of `uris`.',
    },
    index: {
      ...textOrNull,
      default: 'llm-usage-audit',
      description:
        'Beginning of the names of the indices, or name of the index or data stream itself (Otoroshi: `otoroshi-events`, ' +
        'whose indices have another mapping).',
    },
    target: {
      enum: ['index', 'data_stream'],
      description:
        '`index` (default): an index per day, complete deduplication. `data_stream`: the data stream `index`, which also is the ' +
        'default with `clientSide: false` and `action: create`.',
    },
    type: {
      ...textOrNull,
      description: 'Accepted for compatibility and not read: there are no types since Elasticsearch 8.',
    },
    user: { ...textOrNull, description: 'With `password`: basic authentication.' },
    password: { ...textOrNull, description: 'Never logged.' },
    api_key: {
      type: 'string',
      minLength: 1,
      maxLength: 4096,
      description: 'Instead of `user`: the key in its encoded form, or `id:key`. Never logged.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration file's own way to name an environment variable
      examples: ['${ELASTIC_API_KEY}'],
    },
    headers: headersSchema,
    indexSettings: {
      type: 'object',
      additionalProperties: false,
      default: {},
      properties: {
        clientSide: {
          type: 'boolean',
          default: true,
          description: 'The name of the index ends with the time of the event. `false`: everything goes to `index`.',
        },
        interval: {
          enum: ['Day', 'Week', 'Month', 'Year'],
          default: 'Day',
          description:
            '`2026-01-31`, `2026-w05` (ISO week), `2026-01` or `2026`: of the event’s `@timestamp` in UTC (Otoroshi: the time of ' +
            'sending in the zone of its server), so that an event that comes again meets itself.',
        },
        numberOfShards: copies('Of each new index.', 1),
        numberOfReplicas: copies('Of each new index.', 0),
        action: {
          enum: ['index', 'create'],
          default: 'index',
          description: 'Not read but beside `clientSide: false`: it is always `create`, under the id of the event.',
        },
      },
    },
    applyTemplate: {
      type: 'boolean',
      default: true,
      description:
        'Puts a component template, an index template and, where asked for, a lifecycle policy, before the first event.',
    },
    ilm: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: 'Lifecycle policy, on Elasticsearch. Data streams always have one.',
      properties: {
        rollover_age: { ...age, description: `Data stream: a new index after so long. Absent: ${rollover.age}.` },
        rollover_size: {
          ...size,
          description: `Data stream: a new index when a shard has grown so large. Absent: ${rollover.size}.`,
        },
        delete_after: {
          ...age,
          description:
            'An index is deleted so long after it was rolled over or, with an index per day, made. Absent: never.',
          examples: ['90d'],
        },
      },
    },
    version: {
      ...textOrNull,
      description: 'E.g. `8.19.0` or `opensearch-3.6.0`. Absent: the cluster is asked.',
    },
    maxBulkSize: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 1000,
      description:
        'Events per request, at most (Otoroshi: 100). What makes a batch is `groupSize` and `delivery.max_batch_bytes`.',
    },
    max_bulk_bytes: { ...size, default: '5MiB', description: 'Bytes per request before compression, at most.' },
    gzip: { type: 'boolean', default: true, description: 'Requests are compressed.' },
    sendWorkers: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 4,
      description: 'Requests at once, where a batch needs more than one.',
    },
    tls: tlsSchema,
    mtlsConfig: mtlsConfigSchema,
  },
} as const;

export interface Written {
  uris?: string[];
  clusterUri?: string | null;
  index?: string | null;
  target?: 'index' | 'data_stream';
  type?: string | null;
  user?: string | null;
  password?: string | null;
  api_key?: string;
  headers?: Record<string, string>;
  indexSettings?: {
    clientSide?: boolean;
    interval?: Interval;
    numberOfShards?: number;
    numberOfReplicas?: number;
    action?: 'index' | 'create';
  };
  applyTemplate?: boolean;
  ilm?: { rollover_age?: string; rollover_size?: string | number; delete_after?: string };
  version?: string | null;
  maxBulkSize?: number;
  max_bulk_bytes?: string | number;
  gzip?: boolean;
  sendWorkers?: number;
  tls?: WrittenTls;
  mtlsConfig?: MtlsConfig;
}

export type Interval = 'Day' | 'Week' | 'Month' | 'Year';

/** Where events go: an index per interval of their time, one index, or a data stream. */
export type Target =
  | { readonly is: 'dated'; readonly index: string; readonly interval: Interval }
  | { readonly is: 'index'; readonly index: string }
  | { readonly is: 'stream'; readonly index: string };

/** Ages as Elasticsearch writes them (`30d`), sizes in bytes. */
export interface Lifecycle {
  readonly rolloverAge: string;
  readonly rolloverSize: number;
  /** Null: never. */
  readonly deleteAfter: string | null;
}

export interface ElasticConfig {
  /** Without a slash at the end; at least one. */
  readonly nodes: readonly string[];
  readonly target: Target;
  /** With the credentials; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly shards: number;
  readonly replicas: number;
  readonly applyTemplate: boolean;
  readonly lifecycle: Lifecycle;
  /** `8.19.0`, `opensearch-3.6.0`; null: ask. */
  readonly version: string | null;
  readonly mostEvents: number;
  readonly mostBytes: number;
  readonly gzip: boolean;
  readonly requests: number;
  readonly tls: Tls;
}

const nodesOf = ({ uris = [], clusterUri }: Written): string[] => {
  const all = [clusterUri ?? '', ...uris]
    .flatMap((text) => text.split(','))
    .map((text) => text.trim().replace(/\/+$/, ''));
  return [...new Set(all.filter((text) => text !== ''))];
};

const indexOf = ({ index }: Written): string => index ?? schema.properties.index.default;

/** Of a data stream or an index, with room for the time behind it. */
const indexName = /^[a-z0-9][a-z0-9_.@-]{0,199}$/;

const targetOf = ({ target, indexSettings = {}, ...config }: Written): Target => {
  const index = indexOf(config);
  const { clientSide = true, interval = 'Day', action = 'index' } = indexSettings;
  if ((target ?? (!clientSide && action === 'create' ? 'data_stream' : 'index')) === 'data_stream')
    return { is: 'stream', index };
  return clientSide ? { is: 'dated', index, interval } : { is: 'index', index };
};

const credentialProblems = ({ user, password, api_key, headers = {} }: Written, place: string): Problem[] => {
  const ways = [
    ...(user || password ? ['`user`'] : []),
    ...(api_key === undefined ? [] : ['`api_key`']),
    ...(Object.keys(headers).some((name) => name.toLowerCase() === 'authorization') ? ['`headers.authorization`'] : []),
  ];
  return [
    ...(ways.length > 1 ? [{ place, message: `${ways.join(' and ')} say who we are: one of them is enough` }] : []),
    ...(api_key === undefined || /^[\x20-\x7e]+$/.test(authorizationOf({ api_key })['authorization'] ?? '')
      ? []
      : [{ place: `${place}.api_key`, message: 'not something that a header can carry (a line break at its end?)' }]),
    ...(Boolean(user) === Boolean(password)
      ? []
      : [
          {
            place: `${place}.${user ? 'password' : 'user'}`,
            message: 'basic authentication needs `user` and `password`',
          },
        ]),
  ];
};

const lifecycleProblems = ({ ilm = {}, ...config }: Written, place: string): Problem[] => {
  const { is } = targetOf(config);
  const rolls = ilm.rollover_age !== undefined || ilm.rollover_size !== undefined;
  return [
    ...(rolls && is !== 'stream' ? [{ place, message: 'only a data stream rolls over (`target: data_stream`)' }] : []),
    ...(ilm.delete_after !== undefined && is === 'index'
      ? [{ place: `${place}.delete_after`, message: 'the one index that events go to cannot be deleted by its age' }]
      : []),
  ];
};

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => {
  const nodes = nodesOf(config);
  return [
    ...(nodes.length === 0 ? [{ place: `${place}.uris`, message: 'at least one node is needed' }] : []),
    ...nodes.flatMap((node) => urlProblems(node, `${place}.uris`)),
    ...nodes.flatMap((node) =>
      /[?#]/.test(node) ? [{ place: `${place}.uris`, message: 'the address of a node has neither `?` nor `#`' }] : [],
    ),
    ...(indexName.test(indexOf(config))
      ? []
      : [
          {
            place: `${place}.index`,
            message: 'lower case letters, digits, `-`, `_`, `.` and `@`, 200 at most, the first a letter or a digit',
          },
        ]),
    ...headerProblems(config.headers, `${place}.headers`, ['content-type', 'content-encoding', 'accept']),
    ...credentialProblems(config, place),
    ...lifecycleProblems(config, `${place}.ilm`),
    ...(config.version && !/^(opensearch-?)?[0-9]+(\.|$)/i.test(config.version)
      ? [{ place: `${place}.version`, message: 'a version like 8.19.0 or opensearch-3.6.0' }]
      : []),
    ...tlsProblems(config, place),
  ];
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const authorizationOf = ({ user, password, api_key }: Written): Record<string, string> => {
  if (api_key !== undefined) return { authorization: `ApiKey ${api_key.includes(':') ? base64(api_key) : api_key}` };
  return user && password ? { authorization: `Basic ${base64(`${user}:${password}`)}` } : {};
};

export const read = (config: Written): ElasticConfig => {
  const { numberOfShards = 1, numberOfReplicas = 1 } = config.indexSettings ?? {};
  const { rollover_age, rollover_size, delete_after } = config.ilm ?? {};
  return {
    nodes: nodesOf(config),
    target: targetOf(config),
    headers: { ...readHeaders(config.headers), ...authorizationOf(config) },
    shards: numberOfShards,
    replicas: numberOfReplicas,
    applyTemplate: config.applyTemplate ?? true,
    lifecycle: {
      rolloverAge: rollover_age ?? rollover.age,
      rolloverSize: bytes(rollover_size ?? rollover.size),
      deleteAfter: delete_after ?? null,
    },
    version: config.version || null,
    mostEvents: config.maxBulkSize ?? schema.properties.maxBulkSize.default,
    mostBytes: bytes(config.max_bulk_bytes ?? schema.properties.max_bulk_bytes.default),
    gzip: config.gzip ?? true,
    requests: config.sendWorkers ?? schema.properties.sendWorkers.default,
    tls: readTls(config),
  };
};
