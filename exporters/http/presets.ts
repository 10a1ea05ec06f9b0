/** Destinations that are nothing but HTTP with a body of a certain form: one row of data each, checked against the vendor's own pages. */
import { httpMeanings, type Meaning, type Meanings } from '../net/outcome.ts';
import { pick, type Shape } from './shape.ts';

export interface Preset {
  /** Where events go when the configuration does not say. */
  readonly url?: string;
  /** Completes an address that is only a host. */
  readonly path: string;
  readonly examples: readonly string[];
  /** Settings beside those that all have, as JSON Schema. */
  readonly properties: Readonly<Record<string, object>>;
  /** A header from a setting, behind a prefix. `needed`: the setting, or the header itself, must be there. */
  readonly headers: Readonly<Record<string, { prefix?: string; setting: string; needed: boolean }>>;
  /** The body: before the groups, between the events of a group, behind the groups. */
  readonly body: readonly [before: string, between: string, behind: string];
  /** Events that have the same `shared` travel together: `before`, `shared`, `between`, events, `behind`; groups have commas between. */
  readonly group?: {
    readonly before: string;
    readonly shared: Shape;
    readonly between: string;
    readonly behind: string;
  };
  readonly item: Shape;
  /** Of one request; a batch that is larger makes several. Bytes before compression. */
  readonly most: { readonly events: number; readonly bytes: number };
  readonly statuses: Meanings;
  /** By a number in the answer, where one status means several things. */
  readonly codes?: { readonly member: string; readonly meanings: Readonly<Record<number, Meaning>> };
  /** An address on the same host that tells whether events are taken; null: there is none. */
  readonly health: string | null;
}

/** Otoroshi writes null for what was not given. */
const text = { type: ['string', 'null'], maxLength: 4096 } as const;
const token = { ...text, description: 'The credential. Never logged.' } as const;
const texts = { type: 'object', additionalProperties: { type: 'string' }, default: {} } as const;

const service = {
  ...text,
  description: 'The service that logs are filed under; the name of the route (`@service`) when absent.',
} as const;
const host = {
  ...text,
  description: 'The host that logs are filed under; the name of this machine when absent.',
} as const;

/** HTTP Event Collector. help.splunk.com: "Format events for HTTP Event Collector", "Troubleshoot HTTP Event Collector". */
const splunk: Preset = {
  path: '/services/collector/event',
  examples: ['https://splunk.internal:8088/services/collector/event'],
  properties: {
    token: { ...token, description: 'Of the HTTP Event Collector. Never logged.' },
    index: { ...text, description: "The index; the token's own when absent." },
    source_type: { ...text, description: 'The source type; the one of the token when absent.', examples: ['_json'] },
    sourceType: { ...text, description: 'The same, as Otoroshi writes it back.' },
    source: { ...text, description: 'The source; `@product` of the event when absent.' },
    host,
    fields: { ...texts, description: 'Indexed fields that every event gets.', examples: [{ team: 'platform' }] },
  },
  headers: { authorization: { prefix: 'Splunk ', setting: 'token', needed: true } },
  body: ['', '\n', ''],
  item: {
    time: pick('seconds'),
    host: pick('config.host', 'machine'),
    source: pick('config.source', 'sent.@product', '=otoroshi'),
    sourcetype: pick('config.source_type', 'config.sourceType'),
    index: pick('config.index'),
    fields: pick('config.fields'),
    event: pick('event'),
  },
  most: { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
  statuses: httpMeanings,
  codes: {
    member: 'code',
    meanings: {
      1: 'blocked', // token disabled
      2: 'blocked', // token is required
      3: 'blocked', // invalid authorization
      4: 'blocked', // invalid token
      5: 'split', // no data
      6: 'split', // invalid data format: of the event `invalid-event-number`
      7: 'blocked', // incorrect index: the same for all events
      8: 'stumbles', // internal server error
      9: 'retry', // server is busy
      10: 'blocked', // data channel is missing: the token wants acknowledgements by channel
      11: 'blocked', // invalid data channel
      12: 'split', // event field is required
      13: 'split', // event field cannot be blank
      14: 'blocked', // ACK is disabled
      15: 'split', // error in handling indexed fields
      16: 'blocked', // query string authorization is not enabled
      18: 'retry', // unhealthy: queues are full
      19: 'retry', // unhealthy: ack service unavailable
      20: 'retry', // unhealthy: both
      23: 'retry', // server is shutting down
      26: 'retry', // queue at capacity
    },
  },
  health: '/services/collector/health',
};

/** Logs intake v2. docs.datadoghq.com/api/latest/logs: "Send logs". */
const datadog: Preset = {
  url: 'https://http-intake.logs.datadoghq.eu/api/v2/logs',
  path: '/api/v2/logs',
  examples: ['https://http-intake.logs.datadoghq.com/api/v2/logs'],
  properties: {
    token: { ...token, description: 'The API key. Never logged.' },
    ddsource: { ...text, default: 'otoroshi', description: 'The technology that logs come from.' },
    ddtags: { ...text, description: 'Tags with commas between.', examples: ['env:prod,team:platform'] },
    service,
    hostname: host,
  },
  headers: { 'dd-api-key': { setting: 'token', needed: true } },
  body: ['[', ',', ']'],
  item: {
    hostname: pick('config.hostname', 'machine'),
    ddsource: pick('config.ddsource', '=otoroshi'),
    ddtags: pick('config.ddtags'),
    service: pick('config.service', 'sent.@service', '=--'),
    message: pick('text'),
  },
  most: { events: 1000, bytes: 5_000_000 },
  statuses: httpMeanings,
  health: null,
};

/** Log API v1. docs.newrelic.com: "Send your logging data with our Log API" (detailed JSON), "Log event data". */
const newrelic: Preset = {
  url: 'https://log-api.eu.newrelic.com/log/v1',
  path: '/log/v1',
  examples: ['https://log-api.newrelic.com/log/v1'],
  properties: {
    token: { ...token, description: 'The license key. Never logged.' },
    logtype: { ...text, description: 'How New Relic parses and files the logs; `@type` of the event when absent.' },
    service,
    hostname: host,
  },
  headers: { 'api-key': { setting: 'token', needed: true } },
  body: ['[', ',', ']'],
  // Otoroshi has one block per event, its attributes beside `common` instead of in `attributes`, and seconds: New Relic
  // documents blocks of many logs and milliseconds.
  group: {
    before: '{"common":{"attributes":',
    shared: {
      service: pick('config.service', 'sent.@service'),
      logtype: pick('config.logtype', 'sent.@type'),
      hostname: pick('config.hostname', 'machine'),
    },
    between: '},"logs":[',
    behind: ']}',
  },
  item: { timestamp: pick('milliseconds'), message: pick('text') },
  most: { events: Number.POSITIVE_INFINITY, bytes: 1_000_000 },
  statuses: { ...httpMeanings, 415: 'blocked' },
  health: null,
};

/** grafana.com/docs/loki: "Loki HTTP API" (push), "Enforce rate limits and push request validation". */
const loki: Preset = {
  path: '/loki/api/v1/push',
  examples: ['https://loki.internal/loki/api/v1/push'],
  properties: {
    tenant: { ...text, description: 'The header `X-Scope-OrgID`, for a Loki with several tenants.' },
    labels: {
      ...texts,
      propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,255}$' },
      maxProperties: 10,
      description:
        'Labels that every event gets, beside `kind`, `provider` and `environment`. What differs from event to event belongs into ' +
        'the query (`| json`), not into labels.',
      examples: [{ cluster: 'eu-1' }],
    },
  },
  headers: { 'x-scope-orgid': { setting: 'tenant', needed: false } },
  body: ['{"streams":[', ',', ']}'],
  group: {
    before: '{"stream":',
    shared: {
      service_name: pick('=llm-usage-audit'),
      kind: pick('kind'),
      provider: pick('sent.provider'),
      environment: pick('sent.environment', 'sent.@env'),
      '...': pick('config.labels'),
    },
    between: ',"values":[',
    behind: ']}',
  },
  item: [pick('nanoseconds'), pick('text')],
  most: { events: Number.POSITIVE_INFINITY, bytes: 4_000_000 },
  // 400 is about single lines (too old, too long); those beside them are taken, and taken again as the same.
  // 260 is what Loki answers while its operator has blocked the ingestion: nothing is taken.
  statuses: { ...httpMeanings, 260: 'blocked' },
  health: null,
};

export const presets = { splunk, datadog, newrelic, loki } as const satisfies Record<string, Preset>;
