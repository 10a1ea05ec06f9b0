/** The JSON Schema of one entry of `exporters:`, without the `config` of the kinds: each kind's folder brings its own. */

export const duration = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' } as const;

export const size = {
  oneOf: [
    { type: 'integer', minimum: 1 },
    { type: 'string', pattern: '^[0-9]+(B|KiB|MiB|GiB)$' },
  ],
} as const;

/** Anything is let through, as in Otoroshi: `llm-audit check` warns of what has no effect. */
const filtering = {
  description:
    'Which events this exporter gets: those that any `include` object matches (all, when `include` is empty) and no ' +
    "`exclude` object matches. Inside an object every key must match. The language is Otoroshi's: docs/filters.md.",
  default: { include: [], exclude: [] },
  examples: [
    {
      include: [{ audit: 'LLMUsageAudit', provider: 'openai', model: { $wildcard: 'gpt-*' } }],
      exclude: [{ outcome: 'blocked' }],
    },
  ],
} as const;

const projection = {
  description:
    "What of an event this exporter gets; `{}`: the whole event. The language is Otoroshi's: docs/filters.md. An event " +
    'of which it cannot be made goes to the dead letters.',
  default: {},
  examples: [{ '@id': true, '@timestamp': true, model: true, cost: { $at: 'costs.total_cost' } }],
} as const;

const delivery = {
  type: 'object',
  description: 'How hard this exporter tries.',
  additionalProperties: false,
  default: {},
  properties: {
    max_attempts: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description:
        'After so many failed attempts a batch goes to the dead letters. 0: never, it is tried until the destination is back.',
    },
    backoff_min: {
      ...duration,
      default: '500ms',
      description: 'Upper bound of the first wait; each failure doubles it, the wait is random below it.',
    },
    backoff_max: { ...duration, default: '60s', description: 'The bound grows no further than this.' },
    timeout: {
      ...duration,
      default: '30s',
      description: 'An attempt without an answer after this time has failed and is made again.',
    },
    max_batch_bytes: {
      ...size,
      default: '1MiB',
      description: 'A batch is sent before it grows over this; a larger event travels alone.',
    },
    keep_when_disabled: {
      type: 'boolean',
      default: false,
      description:
        'While `enabled: false`: keep in the spool what this exporter has not delivered, so that it catches up later.',
    },
    filter_language: {
      enum: ['otoroshi', 'extended'],
      default: 'otoroshi',
      description:
        '`extended`: in `filtering`, keys with dots are paths, `null` matches null, and an object with several operators ' +
        'means all of them. Nothing else changes.',
    },
  },
} as const;

const about = (kind: string, config: object): object => ({
  if: { properties: { type: { const: kind } }, required: ['type'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { config }, ...('required' in config ? { required: ['config'] } : {}) },
});

const custom = (what: string) => ({
  type: ['object', 'null'],
  default: null,
  description: `Otoroshi's ${what} by a plugin: null, or one whose \`ref\` is blank. Its plugins do not run here.`,
  properties: {
    kind: { type: 'string' },
    ref: { type: ['string', 'null'] },
    config: {},
  },
});

/** The whole schema, `kinds` being the schema of `config` by exporter type. */
export const exporterSchema = (kinds: Record<string, object>): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'exporter.schema.json',
  title: 'Exporter',
  description: 'One destination of audit events: an Otoroshi data exporter plus `delivery`.',
  type: 'object',
  additionalProperties: false,
  required: ['type', 'id'],
  properties: {
    type: {
      enum: Object.keys(kinds).sort(),
      description: "The kind of destination; Otoroshi's `typ` is read as well.",
    },
    enabled: { type: 'boolean', default: true, description: 'A disabled exporter sends nothing.' },
    id: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$',
      description:
        'Names the exporter for ever: its place in the spool is kept under this id, another id is a new exporter.',
      examples: ['data_exporter_warehouse'],
    },
    name: { type: 'string', maxLength: 256, default: '', description: 'For people; the id when empty.' },
    desc: { type: 'string', maxLength: 4096, default: '', description: 'For people.' },
    metadata: { type: 'object', default: {}, description: 'Free, not read.' },
    tags: { type: 'array', default: [], description: 'Free, not read.' },
    bufferSize: {
      type: 'integer',
      minimum: 1,
      default: 5000,
      description:
        'Accepted for compatibility and not read: the spool on disk stands where Otoroshi has a queue in memory.',
    },
    groupSize: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Events per batch, at most.',
    },
    groupDuration: {
      type: 'integer',
      minimum: 0,
      maximum: 3_600_000,
      default: 1000,
      description: 'Milliseconds that an event waits for its batch to fill (Otoroshi: 30000).',
    },
    sendWorkers: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 1,
      description: 'Batches in flight at once (Otoroshi: 5). With 1 events arrive in order.',
    },
    jsonWorkers: {
      type: 'integer',
      minimum: 1,
      default: 1,
      description: 'Accepted for compatibility and not read: events are JSON before they come here.',
    },
    customFilter: custom('filter'),
    customTransform: custom('transformation'),
    _loc: { type: 'object', description: "Otoroshi's place of the entity; not read." },
    kind: { type: 'string', description: "Otoroshi's name of the resource; not read." },
    description: { type: 'string', maxLength: 4096, description: 'As `desc`.' },
    projection,
    filtering,
    delivery,
    config: { type: 'object', default: {}, description: 'What the kind needs to know; see the page of the kind.' },
  },
  allOf: Object.entries(kinds)
    .sort()
    .map(([kind, config]) => about(kind, config)),
});
