/** What is put into the cluster before the first event: one component template, one index template, one lifecycle policy. */
import type { ElasticConfig, Target } from './config.ts';
import { type Distribution, mappings } from './mappings.ts';
import { patternFor } from './target.ts';

/** A PUT that leads to the same whether it is made once or at every start. */
export interface Put {
  readonly what: 'lifecycle policy' | 'component template' | 'index template';
  readonly path: string;
  readonly body: object;
}

type Parts = Pick<ElasticConfig, 'target' | 'shards' | 'replicas' | 'lifecycle'>;

/** Of all three, from the exporter's own index: another exporter has others. */
const nameFor = ({ index }: Target): string => `llm-audit-${index}`;

const meta = { _meta: { managed_by: 'llm-usage-audit' }, version: 1 } as const;

/** Above those that Elasticsearch brings (100 to 200). Where `llm-*` and `llm-alerts-*` meet, the longer one wins. */
const priorityOf = ({ index }: Target): number => 500 + index.length;

const policyBody = ({ target, lifecycle }: Parts): object | null => {
  const rollover = { max_age: lifecycle.rolloverAge, max_primary_shard_size: `${lifecycle.rolloverSize}b` };
  const remove = lifecycle.deleteAfter && { delete: { min_age: lifecycle.deleteAfter, actions: { delete: {} } } };
  if (target.is !== 'stream' && !remove) return null;
  return {
    policy: {
      _meta: meta._meta,
      phases: { hot: { actions: target.is === 'stream' ? { rollover } : {} }, ...remove },
    },
  };
};

/** Null where nothing has to happen to an index by itself, and on OpenSearch, which has no such policies. */
export const policyPut = (parts: Parts, distribution: Distribution): Put | null => {
  const body = distribution === 'elasticsearch' ? policyBody(parts) : null;
  return body && { what: 'lifecycle policy', path: `/_ilm/policy/${nameFor(parts.target)}`, body };
};

/** In the order in which they refer to each other. */
export const templatePuts = (
  { target, shards, replicas }: Parts,
  distribution: Distribution,
  hasPolicy: boolean,
): Put[] => {
  const name = nameFor(target);
  const settings = {
    number_of_shards: shards,
    number_of_replicas: replicas,
    // A number that is none is left out of the index, not its event out of the world.
    'mapping.ignore_malformed': true,
    ...(hasPolicy && { 'lifecycle.name': name }),
  };
  return [
    {
      what: 'component template',
      path: `/_component_template/${name}`,
      body: { ...meta, template: { settings: { index: settings }, mappings: mappings(distribution) } },
    },
    {
      what: 'index template',
      path: `/_index_template/${name}`,
      body: {
        ...meta,
        index_patterns: [patternFor(target)],
        composed_of: [name],
        priority: priorityOf(target),
        ...(target.is === 'stream' && { data_stream: {} }),
      },
    },
  ];
};
