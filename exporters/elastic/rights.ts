/** What can be told of the exporter's rights without writing anything. */
import { blocked, delivered, type Outcome } from '../pipeline/outcome.ts';
import { greet, type SetupParts } from './setup.ts';

/** `has_privileges` of Elasticsearch, of what is asked here. */
interface Rights {
  readonly index?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  readonly cluster?: Readonly<Record<string, boolean>>;
}

const lacking = (rights: Readonly<Record<string, boolean>> = {}): string[] =>
  Object.entries(rights).flatMap(([name, has]) => (has ? [] : [name]));

const rightsOf = (body: Buffer): Rights => {
  try {
    return JSON.parse(body.toString()) ?? {};
  } catch {
    return {};
  }
};

/**
 * Reachable, known, and allowed to write to `index`. Only Elasticsearch tells the last without trying, and only with its
 * security on; rights that one can do without are a line in the log.
 */
export const checkRights = async (parts: SetupParts, index: string, signal: AbortSignal): Promise<Outcome> => {
  const { cluster, config, id, log } = parts;
  const distribution = await greet({ cluster, config: { ...config, version: null } }, signal);
  if (typeof distribution !== 'string') return distribution;
  if (distribution === 'opensearch') return delivered;
  const asked = {
    index: [{ names: [index], privileges: ['create_doc', 'auto_configure'] }],
    ...(config.applyTemplate && { cluster: ['manage_index_templates', 'manage_ilm'] }),
  };
  const answer = await cluster.ask(
    { method: 'POST', path: '/_security/user/_has_privileges', body: JSON.stringify(asked) },
    signal,
  );
  if ('failed' in answer) return answer.failed;
  if (answer.status === 401) return cluster.refusal(answer);
  if (answer.status !== 200) return delivered; // no security, then
  const { index: indices = {}, cluster: wide } = rightsOf(answer.body);
  const missing = [...Object.values(indices).flatMap(lacking), ...lacking(wide)];
  if (missing.includes('create_doc')) return blocked(`no right to write: create_doc on ${index} is missing`);
  if (missing.length > 0) log('warn', 'rights that somebody else must have used before', { exporter: id, missing });
  return delivered;
};
