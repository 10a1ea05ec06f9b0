/** What a `postgresql` exporter needs to know, in Otoroshi's names. */
import type { Problem } from '../kind.ts';
import { readTls, type Tls, tlsProblems, tlsSchema, type WrittenTls } from '../net/tls.ts';

const name = { type: 'string', minLength: 1, maxLength: 63 } as const;

export const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    uri: {
      type: ['string', 'null'],
      maxLength: 4096,
      description:
        '`postgresql://user:password@host:port/database?sslmode=require`; stands for `host`, `port`, `database`, `user`, ' +
        '`password`, `ssl`. Never logged. What it leaves out has the defaults of those.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration file's own way to name an environment variable
      examples: ['postgresql://audit:${PG_PASSWORD}@db.internal/audit?sslmode=require'],
    },
    host: { type: 'string', minLength: 1, default: 'localhost', description: 'Name, address, or folder of a socket.' },
    port: { type: 'integer', minimum: 1, maximum: 65_535, default: 5432 },
    database: { ...name, default: 'otoroshi' },
    user: { ...name, default: 'otoroshi' },
    password: { type: 'string', maxLength: 4096, default: 'otoroshi', description: 'Never logged.' },
    schema: {
      ...name,
      default: 'otoroshi',
      description: 'Made when missing. Read as in SQL without quotes: `Audit` is `audit`.',
    },
    table: { ...name, default: 'otoroshi_events', description: 'Made when missing. Read as `schema` is.' },
    pool_size: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 5,
      description: 'Connections, at most; as many as `sendWorkers` are used, and one by the retention.',
    },
    ssl: {
      type: 'boolean',
      default: false,
      description: 'TLS. The certificate is verified (in Otoroshi it is not); `tls` says against what.',
    },
    tls: { ...tlsSchema, description: `${tlsSchema.description} Given, it implies \`ssl: true\`.` },
    retention_days: {
      type: 'integer',
      minimum: 0,
      maximum: 36_500,
      default: 0,
      description: 'Rows of older events are deleted, all rows of the table counted. 0: none ever.',
    },
  },
} as const;

export interface PostgresqlConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Not quoted yet. */
  readonly schema: string;
  /** Not quoted yet. */
  readonly table: string;
  readonly poolSize: number;
  /** False: no TLS. */
  readonly tls: Tls | false;
  /** Infinity: rows stay. */
  readonly retentionDays: number;
}

interface Written {
  uri?: string | null;
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  password?: string;
  schema?: string;
  table?: string;
  pool_size?: number;
  ssl?: boolean;
  tls?: WrittenTls;
  retention_days?: number;
}

/** What a connection URI says; null for a part that cannot be read. Parameters other than `sslmode` are not read. */
const uriParts = (uri: string): Pick<Written, 'host' | 'port' | 'database' | 'user' | 'password' | 'ssl'> | null => {
  const url = URL.parse(uri);
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) return null;
  try {
    const host = decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
    const database = decodeURIComponent(url.pathname.slice(1));
    return {
      ...(host !== '' && { host }),
      ...(url.port !== '' && { port: Number(url.port) }),
      ...(database !== '' && { database }),
      ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
      ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
      ...(url.searchParams.has('sslmode') && { ssl: !/^(disable|allow)$/.test(url.searchParams.get('sslmode') ?? '') }),
    };
  } catch {
    return null; // half a percent escape
  }
};

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] => {
  const parts = config.uri ? uriParts(config.uri) : {};
  const at = (key: string): string => `${place}.${key}`;
  return [
    ...(parts === null
      ? [{ place: at('uri'), message: 'not an address like postgresql://user:password@host:5432/database' }]
      : []),
    ...(parts?.host?.includes(',') || config.host?.includes(',')
      ? [{ place: at(parts?.host ? 'uri' : 'host'), message: 'one server only: name the one that takes writes' }]
      : []),
    // PostgreSQL would cut a longer one off, and two names would mean one table.
    ...(['schema', 'table'] as const).flatMap((key) =>
      Buffer.byteLength(config[key] ?? '') > 63 || config[key]?.includes('\0')
        ? [{ place: at(key), message: 'at most 63 bytes, none of them zero' }]
        : [],
    ),
    ...tlsProblems({ ...(config.tls && { tls: config.tls }) }, place),
  ];
};

/** Otoroshi writes these names into SQL without quotes, where PostgreSQL reads them in lower case. */
const folded = (identifier: string): string =>
  /^[A-Za-z_][A-Za-z0-9_$]*$/.test(identifier) ? identifier.toLowerCase() : identifier;

export const read = (written: Written): PostgresqlConfig => {
  const config = { ...written, ...(written.uri ? uriParts(written.uri) : {}) };
  const { properties: known } = schema;
  return {
    host: config.host ?? known.host.default,
    port: config.port ?? known.port.default,
    database: config.database ?? known.database.default,
    user: config.user ?? known.user.default,
    password: config.password ?? known.password.default,
    schema: folded(config.schema ?? known.schema.default),
    table: folded(config.table ?? known.table.default),
    poolSize: config.pool_size ?? known.pool_size.default,
    tls: config.ssl || config.tls ? readTls({ ...(config.tls && { tls: config.tls }) }) : false,
    retentionDays: config.retention_days || Number.POSITIVE_INFINITY,
  };
};
