/** Creates events in Elasticsearch or OpenSearch, each under its own id, and reads what became of every one of them. */
import type { Destination, Surroundings } from '../kind.ts';
import { warnOfInsecure } from '../net/tls.ts';
import { deadLetter, delivered, type Outcome, retry } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import { type Bulk, bodyOf, bulkPath, bulks, isObject, itemsOf, mostOfAnswer } from './bulk.ts';
import { openCluster } from './cluster.ts';
import type { ElasticConfig } from './config.ts';
import { isMissing, itemOutcome } from './outcome.ts';
import { checkRights } from './rights.ts';
import { prepare } from './setup.ts';
import { indexFor } from './target.ts';

/** Milliseconds between two lines about the failure store. */
const divertedPause = 60_000;

/** Holds for everything else that would be sent now. */
const isGeneral = ({ is }: Outcome): boolean => is === 'retry' || is === 'blocked';

export const open = (config: ElasticConfig, surroundings: Surroundings): Destination => {
  const { id, now, log } = surroundings;
  const cluster = openCluster(config, surroundings);
  const parts = { cluster, config, id, log };
  const warn = (message: string): void => log('warn', message, { exporter: id });
  warnOfInsecure(config.tls, config.nodes.find((node) => node.startsWith('https:')) ?? '', warn);
  const indexOf = ({ at }: Pick<Outgoing, 'at'>): string => indexFor(config.target, at);
  let preparing: Promise<Outcome> | null = null;
  /** Indices that we have tried to make since an event was taken. */
  const mended = new Set<string>();
  let diverted = 0;
  let divertedTold = Number.NEGATIVE_INFINITY;

  const ready = async (signal: AbortSignal): Promise<Outcome> => {
    preparing ??= prepare(parts, signal);
    const own = preparing;
    const outcome = await own;
    if (outcome.is !== 'delivered' && preparing === own) preparing = null;
    return outcome;
  };

  /** The index is not there: makes it, once. */
  const mend = async (index: string, signal: AbortSignal): Promise<void> => {
    mended.add(index);
    preparing = null; // somebody may have deleted the templates with it
    if ((await ready(signal)).is !== 'delivered') return;
    const path = config.target.is === 'stream' ? `/_data_stream/${index}` : `/${index}`;
    await cluster.ask({ method: 'PUT', path }, signal);
  };

  const tellDiverted = (): void => {
    if (diverted === 0 || now() - divertedTold < divertedPause) return;
    log('warn', 'events went to the failure store of the data stream', { exporter: id, events: diverted });
    divertedTold = now();
    diverted = 0;
  };

  const post = async (bulk: Bulk, batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome | Outcome[]> => {
    const count = bulk.places.length;
    const answer = await cluster.ask(
      { method: 'POST', path: bulkPath, ...(await bodyOf(bulk, config.gzip)), mostOfAnswer: mostOfAnswer(bulk) },
      signal,
    );
    if ('failed' in answer) {
      preparing = null; // what comes back may be a new cluster, without our templates
      return answer.failed;
    }
    if (answer.status < 200 || answer.status >= 300) return cluster.refusal(answer);
    const items = itemsOf(answer.body, count);
    if (!items) return retry('the answer is no answer to a bulk: nobody knows what was taken');
    const missing = new Set(
      items.flatMap((item, at) => {
        const record = batch[bulk.places[at] ?? -1];
        return isMissing(item) && record && !mended.has(indexOf(record)) ? [indexOf(record)] : [];
      }),
    );
    for (const index of missing) await mend(index, signal);
    const taken = items.some(({ status }) => status < 300 || status === 409);
    if (taken) mended.clear();
    diverted += items.filter(({ failure_store: store }) => store === 'used').length;
    tellDiverted();
    return items.map((item) =>
      isMissing(item) && missing.size > 0 ? retry('the index was missing') : itemOutcome(item, taken, cluster.clean),
    );
  };

  return {
    lanes: Number.POSITIVE_INFINITY,

    send: async (batch, signal) => {
      const before = await ready(signal);
      if (before.is !== 'delivered') return before;
      const outcomes: Outcome[] = batch.map((record) =>
        isObject(record) ? delivered : deadLetter('not a JSON object, which is all that an index can hold'),
      );
      const places = [...batch.keys()].filter((place) => outcomes[place] === delivered);
      let stopped: Outcome | null = null;
      const waiting = bulks(batch, places, indexOf, config).values();
      const work = async (): Promise<void> => {
        for (const bulk of waiting) {
          const result: Outcome | Outcome[] = stopped ?? (await post(bulk, batch, signal));
          if (!Array.isArray(result) && isGeneral(result)) stopped = result;
          for (const [at, place] of bulk.places.entries())
            outcomes[place] = Array.isArray(result) ? (result[at] ?? retry('no answer')) : result;
        }
      };
      await Promise.all(Array.from({ length: config.requests }, work));
      return outcomes;
    },

    check: (signal) => checkRights(parts, indexOf({ at: now() }), signal),

    close: () => cluster.close(),
  };
};
