/**
 * Real services behind a proxy that misbehaves, killed with SIGKILL and started again, while our process is killed as well:
 * in the end the service itself is asked what it has. LLM_AUDIT_LONG=1 goes on for forty kills of ours.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { ExporterConfig } from '../../exporters/config.ts';
import { createRandom } from '../../simulator/random.ts';
import { startKafka } from '../services/kafka.ts';
import { createTopic, readTopic } from '../services/kafka-topic.ts';
import { startSearch } from '../services/search.ts';
import { type ChaosProxy, type Odds, startChaos } from '../support/chaos-proxy.ts';
import { answerOf, type WireRequest } from '../support/http-message.ts';
import { diskFolder } from '../unit/exporters/given.ts';
import { System } from './oracle/driver.ts';
import { Arrivals, Oracle } from './oracle/oracle.ts';

const kills = process.env['LLM_AUDIT_LONG'] === '1' ? 40 : 5;
const seed = Number(process.env['LLM_AUDIT_SEED'] ?? 20_261_121);
const groupSize = 50;

interface Service {
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same port and files. */
  start(): Promise<void>;
}

/** Kills ours again and again, the service once every twenty times and at the same moment; returns once all is delivered. */
const ordeal = async (
  t: TestContext,
  { service, proxy, odds, exporter }: { service: Service; proxy: ChaosProxy; odds: Odds; exporter: ExporterConfig },
) => {
  const random = createRandom(seed);
  const oracle = new Oracle();
  const dir = diskFolder(t);
  const entry = { ...exporter, groupSize, groupDuration: 20 };
  const delivery = { backoff_min: '5ms', backoff_max: '300ms', timeout: '3s' };
  const options = { dir, exporters: [{ ...entry, delivery }], spool: { segment_bytes: 200_000 } };
  let restarted: Promise<void> = Promise.resolve();
  proxy.play(odds);
  for (let round = 0; round < kills; round++) {
    const system = new System(t, oracle, { options, load: { from: oracle.issued.size, rate: 600 } });
    await system.says('ready');
    await pause(random.integer(200, 2_000));
    const isItsTurn = round % 20 === 2;
    if (isItsTurn) await restarted;
    await Promise.all([isItsTurn ? service.kill() : null, system.kill()]);
    if (isItsTurn) restarted = service.start();
  }
  await restarted;
  const last = new System(t, oracle, { options, load: { from: oracle.issued.size, count: 50 } });
  await last.says('ready');
  const { exporters } = await last.finish(120_000);
  assert.partialDeepStrictEqual(exporters, [{ dead_lettered: 0, dropped: 0, pending: 0 }]);
  assert.equal(oracle.deadLetters(dir, 'e').size, 0);
  proxy.play({});
  return { oracle, told: exporters[0] };
};

/** The events of a bulk, all refused for now. */
const refusedItems = ({ headers, body }: WireRequest, status: number): string => {
  const text = (headers.get('content-encoding') === 'gzip' ? gunzipSync(body) : body).toString();
  const error = { type: 'es_rejected_execution_exception', reason: 'full' };
  const items = Array.from({ length: text.trimEnd().split('\n').length / 2 }, () => ({ create: { status, error } }));
  return JSON.stringify({ took: 1, errors: true, items });
};

test(`Elasticsearch in chaos and killed, ours killed ${kills} times: as many documents as events, each unchanged`, async (t) => {
  const server = await startSearch(t, 'elasticsearch');
  if (!server) return;
  const random = createRandom(seed);
  const elastic = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };
  const answers = [
    () => answerOf(429, '{}', { ...elastic, 'retry-after': '0' }),
    () => answerOf(503, '{}', elastic),
    ({ body }: WireRequest) => (body.length > 3_000 ? answerOf(413, '', elastic) : null),
    (request: WireRequest) => answerOf(200, refusedItems(request, 429), elastic),
    (request: WireRequest) => answerOf(200, refusedItems(request, 503), elastic),
  ];
  const proxy = await startChaos(t, {
    to: server.port,
    seed,
    answer: (request) => (request.path.includes('_bulk') ? random.pick(answers)(request) : null),
    slowness: 20,
  });
  const odds = { pass: 10, delay: 2, cutBefore: 1, cutMiddle: 1, cutAfter: 2, mute: 0.1, drip: 1, answer: 4 };
  const exporter = {
    type: 'elastic',
    id: 'e',
    config: { uris: [`http://127.0.0.1:${proxy.port}`], index: 'chaos' },
    sendWorkers: 2,
  };
  const { oracle, told } = await ordeal(t, { service: server, proxy, odds, exporter });

  const arrivals = new Arrivals();
  await fetch(`${server.url}/chaos-*/_refresh`, { method: 'POST' });
  for (let after: unknown[] | undefined; ; ) {
    const query = { size: 5_000, sort: [{ '@timestamp': 'asc' }], ...(after ? { search_after: after } : {}) };
    const answer = await fetch(`${server.url}/chaos-*/_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(query),
    });
    const { hits } = ((await answer.json()) as { hits: { hits: { _source: object; sort: unknown[] }[] } }).hits;
    for (const { _source } of hits) arrivals.note(JSON.stringify(_source));
    after = hits.at(-1)?.sort;
    if (!after) break;
  }
  const { missing, ...figures } = oracle.judge(arrivals);
  t.diagnostic(JSON.stringify({ ...figures, told: told?.duplicate, did: proxy.did }));
  assert.deepEqual(missing, []);
  assert.equal(figures.repeated, 0, 'no event is there twice');
});

test(`Kafka in chaos and its broker killed, ours killed ${kills} times: nothing is missing, nothing has changed`, async (t) => {
  // The broker sends its clients to the proxy.
  const proxy = await startChaos(t, { seed, slowness: 20 });
  const kafka = await startKafka(t, { settings: [`advertised.listeners=plain://127.0.0.1:${proxy.port}`] });
  if (!kafka) return;
  const { first } = kafka;
  proxy.lead(Number(first.plain.split(':')[1]));
  const servers = [`127.0.0.1:${proxy.port}`];
  await createTopic(servers, 'chaos', { partitions: 3 });
  const odds = { pass: 30, delay: 3, cutBefore: 1, cutMiddle: 1, cutAfter: 2, mute: 0.1, drip: 1 };
  const exporter = { type: 'kafka', id: 'e', config: { servers, topic: 'chaos' } };
  const { oracle } = await ordeal(t, { service: first, proxy, odds, exporter });

  const arrivals = new Arrivals();
  for (const { value } of await readTopic(servers, 'chaos')) arrivals.note(value);
  const { missing, ...figures } = oracle.judge(arrivals);
  t.diagnostic(JSON.stringify({ ...figures, withheld: proxy.withheld, did: proxy.did }));
  assert.deepEqual(missing, []);
  assert.ok(figures.repeated <= (kills + proxy.withheld) * groupSize);
});
