/**
 * The presets against servers that take and refuse what the vendors' pages say they do, over real sockets and through
 * the whole delivery: every event arrives, or is a dead letter, and no body is one that the vendor would not read.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ExporterConfig, exporterProblems } from '../../exporters/config.ts';
import { Outbox } from '../../exporters/delivery/outbox.ts';
import { eventually, folder, logbook, range, record } from '../unit/exporters/given.ts';
import { type Answer, listening, type Received } from '../unit/exporters/net/server.ts';

const token = ['not', 'a', 'real', 'token'].join('-');

const json = (code: number, body: object): { code: number; body: string } => ({ code, body: JSON.stringify(body) });
type Verdict = ReturnType<typeof json>;

const answering =
  (judge: (received: Received) => Verdict): Answer =>
  (received, response) => {
    const { code, body } = judge(received);
    response.writeHead(code, { 'content-type': 'application/json' }).end(body);
  };

/** An outbox with this exporter alone, that waits next to nothing. */
const delivering = async (t: TestContext, exporter: Omit<ExporterConfig, 'id'>) => {
  const { log, lines } = logbook();
  const entry: ExporterConfig = {
    id: 'vendor',
    groupDuration: 0,
    ...exporter,
    delivery: { backoff_min: '2ms', backoff_max: '20ms', ...exporter.delivery },
  };
  assert.deepEqual(exporterProblems([entry]), []);
  const outbox = await Outbox.open({
    dir: folder(t),
    exporters: [entry],
    maxBytes: 1e9,
    segmentBytes: 1e9,
    onFull: 'drop_oldest',
    keep: 0,
    held: false,
    deadLetters: { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY },
    log,
  });
  t.after(() => outbox.close(0).catch(() => {}));
  return { outbox, lines };
};

/** Sends events numbered from 1; what became of them, and whether all is settled. */
const delivered = async (t: TestContext, exporter: Omit<ExporterConfig, 'id'>, events: readonly object[]) => {
  const { outbox, lines } = await delivering(t, exporter);
  outbox.append(events.map((fields, index) => record(index + 1, fields)));
  const drained = await outbox.drained(20_000);
  const [stats] = outbox.stats().exporters;
  assert.ok(!lines.join().includes(token) && !JSON.stringify(stats).includes(token));
  return { drained, stats };
};

const event = { '@timestamp': 1_700_000_000_000, '@service': 'chat', '@type': 'AuditEvent', '@product': 'otoroshi' };
const numbered = (count: number, fields: object = {}): object[] => range(1, count).map(() => ({ ...event, ...fields }));

/** Of an event that was sent as a text. */
const numberIn = (text: unknown): number => {
  assert.equal(typeof text, 'string');
  return JSON.parse(text as string).number;
};

test('splunk: events in the form of the HTTP Event Collector, with their own time; one that it cannot read is found', async (t) => {
  const indexed: Record<string, unknown>[] = [];
  const collector = answering(({ method, path, headers, body }) => {
    if (path === '/services/collector/health') return json(200, { text: 'HEC is healthy', code: 17 });
    assert.deepEqual([method, path], ['POST', '/services/collector/event']);
    if (headers.authorization === undefined) return json(401, { text: 'Token is required', code: 2 });
    if (headers.authorization !== `Splunk ${token}`) return json(403, { text: 'Invalid token', code: 4 });
    const events = body.split(/\n+/).map((line) => JSON.parse(line));
    const known = new Set(['time', 'host', 'source', 'sourcetype', 'index', 'fields', 'event']);
    for (const each of events) {
      assert.ok(Object.keys(each).every((key) => known.has(key)));
      assert.equal(typeof each.time, 'number');
      assert.ok(Object.values(each.fields).every((value) => typeof value === 'string'));
    }
    if (events.some(({ index }) => index !== 'llm')) return json(400, { text: 'Incorrect index', code: 7 });
    const bad = events.findIndex(({ event: { number } }) => number === 37);
    if (bad >= 0) return json(400, { text: 'Error in handling indexed fields', code: 15, 'invalid-event-number': bad });
    indexed.push(...events);
    return json(200, { text: 'Success', code: 0 });
  });
  const { origin } = await listening(t, collector);
  const config = { url: origin, token, index: 'llm', sourceType: '_json', fields: { team: 'platform' }, host: 'gw-1' };
  const { drained, stats } = await delivered(t, { type: 'splunk', groupSize: 50, config }, numbered(120));
  assert.equal(drained, true);
  assert.partialDeepStrictEqual(stats, { delivered: 119, dead_lettered: 1, pending: 0 });
  assert.deepEqual(
    indexed.map((each) => (each['event'] as { number: number }).number).sort((one, other) => one - other),
    range(1, 120).filter((number) => number !== 37),
  );
  assert.deepEqual(indexed[0], {
    time: 1_700_000_000.001,
    host: 'gw-1',
    source: 'otoroshi',
    sourcetype: '_json',
    index: 'llm',
    fields: { team: 'platform' },
    event: JSON.parse(record(1, event).body),
  });
});

test('splunk: a wrong index or token blames no event', async (t) => {
  for (const [code, answer] of [
    [400, { text: 'Incorrect index', code: 7, 'invalid-event-number': 0 }],
    [403, { text: `Invalid token ${token}`, code: 4 }],
  ] as const) {
    const { origin } = await listening(
      t,
      answering(() => json(code, answer)),
    );
    const { outbox } = await delivering(t, { type: 'splunk', config: { url: origin, token } });
    outbox.append([record(1), record(2)]);
    await eventually(() => outbox.stats().exporters[0]?.state === 'blocked');
    assert.partialDeepStrictEqual(outbox.stats().exporters[0], { pending: 2, dead_lettered: 0 });
    assert.ok(!JSON.stringify(outbox.stats()).includes(token));
  }
});

test('datadog: arrays of at most 1000 logs and 5 MB, whatever the batch is', async (t) => {
  const taken: number[] = [];
  const sizes: [number, number][] = [];
  const intake = answering(({ path, headers, body }) => {
    assert.equal(path, '/api/v2/logs');
    if (headers['dd-api-key'] !== token) return json(403, { errors: ['Forbidden'] });
    const logs = JSON.parse(body);
    sizes.push([logs.length, Buffer.byteLength(body)]);
    if (logs.length > 1000 || Buffer.byteLength(body) > 5_000_000) return json(413, { errors: ['Payload too large'] });
    for (const { message, ...log } of logs) {
      assert.deepEqual(log, { hostname: 'gw-1', ddsource: 'otoroshi', ddtags: 'env:prod', service: 'chat' });
      taken.push(numberIn(message));
    }
    return json(202, {});
  });
  const { origin } = await listening(t, intake);
  const config = { url: origin, token, ddtags: 'env:prod', hostname: 'gw-1' };
  const delivery = { max_batch_bytes: '64MiB' };
  const exporter = { type: 'datadog', groupSize: 3000, groupDuration: 100, config, delivery };
  const { stats } = await delivered(t, exporter, numbered(2500, { text: 'a "quoted" word '.repeat(250) }));
  assert.partialDeepStrictEqual(stats, { delivered: 2500, pending: 0 });
  assert.deepEqual(taken, range(1, 2500));
  assert.ok(sizes.length >= 3 && sizes.every(([count, bytes]) => count <= 1000 && bytes <= 5_000_000));
});

test('newrelic: blocks of logs with common attributes, times in milliseconds, at most 1 MB', async (t) => {
  const taken: number[] = [];
  const api = answering(({ path, headers, body }) => {
    assert.equal(path, '/log/v1');
    if (headers['api-key'] !== token) return json(403, {});
    if (Buffer.byteLength(body) > 1_000_000) return json(413, {});
    for (const block of JSON.parse(body)) {
      assert.deepEqual(Object.keys(block), ['common', 'logs']);
      const { service, logtype, hostname } = block.common.attributes;
      assert.deepEqual([logtype, hostname], ['AuditEvent', 'gw-1']);
      for (const { timestamp, message, ...more } of block.logs) {
        assert.deepEqual(more, {});
        const number = numberIn(message);
        assert.equal(timestamp, 1_700_000_000_000 + number);
        assert.equal(service, number % 2 === 0 ? 'even' : 'odd');
        taken.push(number);
      }
    }
    return json(202, { requestId: 'f0e7bfff-001a-b000-0000-01682bcf4565' });
  });
  const { origin } = await listening(t, api);
  const events = range(1, 600).map((number) => ({
    ...event,
    '@service': number % 2 === 0 ? 'even' : 'odd',
    text: 'a "quoted" word '.repeat(120),
  }));
  const config = { url: origin, token, hostname: 'gw-1' };
  const { stats } = await delivered(t, { type: 'newrelic', groupSize: 600, config }, events);
  assert.partialDeepStrictEqual(stats, { delivered: 600, pending: 0 });
  assert.deepEqual(
    taken.toSorted((one, other) => one - other),
    range(1, 600),
  );
});

test('loki: few streams, times as texts of nanoseconds; lines that are too old are dead letters, their neighbours arrive', async (t) => {
  const stored = new Map<string, string>();
  const streams = new Set<string>();
  const isTooOld = (number: number): boolean => number % 40 === 0;
  const distributor = answering(({ path, headers, body }) => {
    assert.equal(path, '/loki/api/v1/push');
    if (headers['x-scope-orgid'] !== 'team-a') return { code: 401, body: 'no org id' };
    let refused = 0;
    for (const { stream, values } of JSON.parse(body).streams) {
      assert.ok(Object.keys(stream).length <= 15);
      for (const [label, value] of Object.entries(stream)) {
        assert.match(label, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
        assert.equal(typeof value, 'string');
      }
      streams.add(JSON.stringify(stream));
      for (const [time, line] of values) {
        assert.match(time, /^[0-9]{19}$/);
        // Loki keeps the good lines of a push that it refuses, and takes the same line twice as one.
        if (isTooOld(numberIn(line))) refused++;
        else stored.set(`${JSON.stringify(stream)} ${time} ${line}`, time);
      }
    }
    return refused > 0
      ? { code: 400, body: 'entry has timestamp too old, oldest acceptable timestamp is: 2026-01-24' }
      : { code: 204, body: '' };
  });
  const { origin } = await listening(t, distributor);
  const config = { url: origin, tenant: 'team-a', labels: { cluster: 'eu-1' } };
  const events = range(1, 100).map((number) => ({
    ...event,
    provider: number % 2 === 0 ? 'openai' : 'anthropic',
    environment: 'prod',
  }));
  const { drained, stats } = await delivered(t, { type: 'loki', groupSize: 50, config }, events);
  assert.equal(drained, true);
  assert.partialDeepStrictEqual(stats, { delivered: 98, dead_lettered: 2, pending: 0 });
  assert.equal(stored.size, 98);
  assert.deepEqual(
    [...streams].sort().map((stream) => JSON.parse(stream)),
    [
      {
        service_name: 'llm-usage-audit',
        kind: 'LLMUsageAudit',
        provider: 'anthropic',
        environment: 'prod',
        cluster: 'eu-1',
      },
      {
        service_name: 'llm-usage-audit',
        kind: 'LLMUsageAudit',
        provider: 'openai',
        environment: 'prod',
        cluster: 'eu-1',
      },
    ],
  );
  assert.ok([...stored.values()].includes('1700000000001000000'));
});
