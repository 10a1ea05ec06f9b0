/** Before the first event: who the cluster is, and what is put into it. */
import type { Log } from '../log.ts';
import type { Answer } from '../net/http.ts';
import { blocked, delivered, type Outcome } from '../pipeline/outcome.ts';
import type { Cluster } from './cluster.ts';
import type { ElasticConfig } from './config.ts';
import type { Distribution } from './mappings.ts';
import { type Put, policyPut, templatePuts } from './templates.ts';

export interface SetupParts {
  readonly cluster: Cluster;
  readonly config: ElasticConfig;
  /** Of the exporter. */
  readonly id: string;
  readonly log: Log;
}

const isWell = ({ status }: Answer): boolean => status >= 200 && status < 300;

const tooOld = (distribution: string, version: string): Outcome | null =>
  Number.parseInt(version, 10) < 7 && distribution === 'elasticsearch'
    ? blocked(`Elasticsearch ${version.slice(0, 20)}: 8 is the oldest that is spoken to`)
    : null;

const said = ({ body }: Answer): { distribution?: unknown; number?: unknown } => {
  try {
    return JSON.parse(body.toString()).version ?? {};
  } catch {
    return {};
  }
};

/** By what it says of itself; where it may not say so, by the header that every answer of Elasticsearch has. */
const recognised = (answer: Answer): { distribution: Distribution; version: string } => {
  const { distribution, number } = said(answer);
  const isElasticsearch = answer.headers['x-elastic-product'] === 'Elasticsearch';
  return {
    distribution: distribution === 'opensearch' || !(isElasticsearch || number) ? 'opensearch' : 'elasticsearch',
    version: typeof number === 'string' ? number : '',
  };
};

/** Whether it can be reached and knows us. `GET /` needs a right that one who may only write does not have. */
export const greet = async (
  { cluster, config: { version } }: Pick<SetupParts, 'cluster' | 'config'>,
  signal: AbortSignal,
): Promise<Distribution | Outcome> => {
  if (version) return version.toLowerCase().startsWith('opensearch') ? 'opensearch' : 'elasticsearch';
  const answer = await cluster.ask({ method: 'GET', path: '/' }, signal);
  if ('failed' in answer) return answer.failed;
  const knows = isWell(answer) || [400, 403, 404, 405].includes(answer.status);
  if (!knows) return cluster.refusal(answer);
  const { distribution, version: found } = recognised(answer);
  return tooOld(distribution, found) ?? distribution;
};

type Made = 'made' | 'no right' | 'unknown' | Outcome;

const make = async ({ cluster, id, log }: SetupParts, put: Put, signal: AbortSignal): Promise<Made> => {
  const answer = await cluster.ask({ method: 'PUT', path: put.path, body: JSON.stringify(put.body) }, signal);
  if ('failed' in answer) return answer.failed;
  if (isWell(answer)) return 'made';
  const outcome = cluster.refusal(answer);
  const facts = { exporter: id, path: put.path, status: answer.status };
  if (answer.status === 403) {
    log('warn', `no right to put the ${put.what}: somebody who has it must`, facts);
    return 'no right';
  }
  if (outcome.is === 'retry' || answer.status === 401) return outcome;
  if (put.what === 'lifecycle policy') {
    log(
      'warn',
      'the cluster takes no lifecycle policy: what is to happen to old indices is up to somebody else',
      facts,
    );
    return 'unknown';
  }
  // In an index made without it nothing could be searched for, and no later template would heal that.
  return blocked(`the ${put.what} is refused: ${'reason' in outcome ? outcome.reason : `HTTP ${answer.status}`}`);
};

/** `delivered`: events may come. */
export const prepare = async (parts: SetupParts, signal: AbortSignal): Promise<Outcome> => {
  if (!parts.config.applyTemplate) return delivered;
  const distribution = await greet(parts, signal);
  if (typeof distribution !== 'string') return distribution;
  const policy = policyPut(parts.config, distribution);
  const policyMade = policy === null ? 'unknown' : await make(parts, policy, signal);
  if (typeof policyMade !== 'string') return policyMade;
  for (const put of templatePuts(parts.config, distribution, policyMade !== 'unknown')) {
    const made = await make(parts, put, signal);
    if (typeof made !== 'string') return made;
  }
  return delivered;
};
