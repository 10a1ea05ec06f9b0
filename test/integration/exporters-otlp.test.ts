/** The otlp exporter against a receiver of logs over HTTP, its requests read by OpenTelemetry's own decoder. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openDelivery } from '../../exporters/delivery/open.ts';
import { open } from '../../exporters/otlp/client.ts';
import { types } from '../../exporters/otlp/config.ts';
import { ProtobufWriter, readFields } from '../../exporters/otlp/protobuf.ts';
import type { Outgoing } from '../../exporters/pipeline/outgoing.ts';
import { events } from '../../schemas/fields.ts';
import { type DecodedAttribute, otlpDecoder } from '../services/otlp-decoder.ts';
import { diskFolder, eventually, logbook, range, record, stored, surroundings } from '../unit/exporters/given.ts';
import { exampleOf, withValue } from '../unit/schemas/example-event.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly ids: string[];
}

/** The bytes of a field, at that way through the messages. */
const within = (message: Buffer, [field, ...rest]: number[]): Buffer[] =>
  (readFields(message) ?? []).flatMap(([number, value]) =>
    number !== field || !Buffer.isBuffer(value) ? [] : rest.length === 0 ? [value] : within(value, rest),
  );

const idsIn = (body: Buffer): string[] =>
  within(body, [1, 2, 2, 5, 1]).map((event) => JSON.parse(event.toString())['@id']);

const receiver = async (t: TestContext, answer: (received: Received, response: ServerResponse) => void) => {
  const all: Received[] = [];
  const server = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray());
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const received = { path: request.url ?? '', headers: request.headers, body, ids: idsIn(body) };
    all.push(received);
    answer(received, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { all, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const ok = (_: Received, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

const partialAnswer = (rejected: number, message: string): Buffer => {
  const writer = new ProtobufWriter(64);
  writer.message(1, () => {
    writer.string(2, message);
    writer.integer(1, rejected);
  });
  return writer.result;
};

const opened = (t: TestContext, written: Parameters<typeof types.otlp.read>[0], more: object = {}) => {
  const exporter = open(types.otlp.read(written), surroundings({ timeout: 5_000, ...more }));
  t.after(() => exporter.close());
  return exporter;
};

const never = new AbortController().signal;

const outgoing = (seq: number, event: Record<string, unknown>, more: Partial<Outgoing> = {}): Outgoing => ({
  seq,
  id: String(event['@id']),
  at: Number(event['@timestamp']),
  kind: String(event['audit'] ?? event['alert']),
  body: JSON.stringify(event),
  ...more,
});

const plain = (attributes: readonly DecodedAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value]));

test("OpenTelemetry's decoder reads every kind of event: text, time, severity, trace and attributes", async (t) => {
  const decode = await otlpDecoder(t);
  if (!decode) return;
  const { all, endpoint } = await receiver(t, ok);
  const now = 1_763_730_999_456;
  const destination = opened(t, { endpoint, gzip: true, resource: { team: 'platform' } }, { now: () => now });
  const examples = Object.values(events).map((event, index) => {
    const traced = withValue(exampleOf(event), '@id', `id-${index}.1`);
    return { ...traced, trace: { id: '0af7651916cd43dd8448eb211c80319c' }, span: { id: 'b7ad6b7169203331' } };
  });
  const odd = outgoing(99, { '@id': '日本語 😀', '@timestamp': 1, audit: 'Odd', text: '\ud83d \0 "\\' });
  const batch = [...examples.map((event, index) => outgoing(index, event)), odd];
  assert.deepEqual(await destination.send(batch, never), { is: 'delivered' });
  assert.partialDeepStrictEqual(all[0], {
    path: '/v1/logs',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
  });

  const [decoded] = await decode(all.map(({ body }) => body));
  const [resourceLogs, ...others] = decoded?.resourceLogs ?? [];
  assert.equal(others.length, 0);
  assert.deepEqual(plain(resourceLogs?.resource.attributes ?? []), {
    'service.name': { stringValue: 'llm-usage-audit' },
    team: { stringValue: 'platform' },
  });
  const [scope] = resourceLogs?.scopeLogs ?? [];
  assert.equal(scope?.schemaUrl, 'https://opentelemetry.io/schemas/1.41.0');
  const records = scope?.logRecords ?? [];
  assert.deepEqual(
    records.map(({ body }) => body.stringValue),
    batch.map(({ body }) => body.toWellFormed()),
  );
  for (const [index, one] of records.slice(0, -1).entries()) {
    const sent = batch[index] as Outgoing;
    assert.partialDeepStrictEqual(one, {
      timeUnixNano: String(BigInt(sent.at) * 1_000_000n),
      observedTimeUnixNano: String(BigInt(now) * 1_000_000n),
      eventName: sent.kind,
      traceId: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex').toString('base64'),
      spanId: Buffer.from('b7ad6b7169203331', 'hex').toString('base64'),
    });
    assert.deepEqual(plain(one.attributes)['event-id'], { stringValue: sent.id });
  }
  const byName = new Map(records.map((one) => [one.eventName, one]));
  assert.equal(byName.get('AiBudgetExceeded')?.severityNumber, 'SEVERITY_NUMBER_ERROR');
  assert.equal(byName.get('AiBudgetAlmostExceeded')?.severityNumber, 'SEVERITY_NUMBER_WARN');
  assert.equal(byName.get('LLMUsageAudit')?.severityText, 'INFO');
  const usage = examples[0] as unknown as {
    usage: Record<string, number>;
    costs: { total_cost: number };
    impacts: { gwp: { value: { avg: number } } };
    finish_reasons: string[];
    model: string;
    stream: boolean;
  };
  assert.partialDeepStrictEqual(plain(byName.get('LLMUsageAudit')?.attributes ?? []), {
    'log.record.uid': { stringValue: 'id-0.1' },
    'gen_ai.operation.name': { stringValue: 'chat' },
    'gen_ai.response.model': { stringValue: usage.model },
    'gen_ai.request.stream': { boolValue: usage.stream },
    'gen_ai.usage.input_tokens': { intValue: String(usage.usage['prompt_tokens']) },
    'gen_ai.usage.output_tokens': { intValue: String(usage.usage['generation_tokens']) },
    'gen_ai.response.finish_reasons': {
      arrayValue: { values: usage.finish_reasons.map((stringValue) => ({ stringValue })) },
    },
    'llm.audit.cost.usd': { doubleValue: usage.costs.total_cost },
    'llm.audit.gwp.kgco2eq': { doubleValue: usage.impacts.gwp.value.avg },
  });
});

test('what a projection has removed is not in the attributes either; the severity is still that of the event', async (t) => {
  const { all, endpoint } = await receiver(t, ok);
  const destination = opened(t, { endpoint });
  const event = {
    '@id': 'a.1',
    audit: 'LLMUsageAudit',
    outcome: 'error',
    model: 'secret-model',
    trace: { id: 'a'.repeat(32) },
  };
  const projected = outgoing(1, event, {
    body: '{"usage":{"prompt_tokens":7}}',
    original: JSON.stringify(event),
    kind: 'LLMUsageAudit',
  });
  assert.deepEqual(await destination.send([projected], never), { is: 'delivered' });
  const bytes = all[0]?.body ?? Buffer.alloc(0);
  for (const gone of ['secret-model', 'a'.repeat(32), 'outcome']) assert.ok(!bytes.includes(gone), gone);
  assert.ok(!bytes.includes(Buffer.from('a'.repeat(32), 'hex')));
  for (const there of ['gen_ai.usage.input_tokens', 'ERROR', 'a.1']) assert.ok(bytes.includes(there), there);
});

test('records that a receiver rejects are found, and are dead letters; the others arrive, under the same id however often', async (t) => {
  const accepted: string[] = [];
  const poison = /000013|000031/;
  const { endpoint } = await receiver(t, ({ ids }, response) => {
    const rejected = ids.filter((id) => poison.test(id)).length;
    accepted.push(...ids.filter((id) => !poison.test(id)));
    response.writeHead(200).end(rejected === 0 ? undefined : partialAnswer(rejected, 'older than a day'));
  });
  const { log, lines } = logbook();
  const delivery = await openDelivery({
    dir: diskFolder(t),
    log: ({ level, msg, ...facts }) => log(level, msg, facts),
    exporters: [{ type: 'otlp', id: 'o', groupSize: 50, groupDuration: 200, config: { endpoint } }],
  });
  t.after(() => delivery.close(0));
  await Promise.all(range(1, 50).map((number) => delivery.accept(record(number))));
  assert.equal(await delivery.drained(20_000), true);
  assert.partialDeepStrictEqual((await delivery.stats()).exporters[0], { delivered: 48, dead_lettered: 2, pending: 0 });
  assert.equal(new Set(accepted).size, 48);
  assert.match(lines.join('\n'), /dead letters.*1 of 1 rejected: older than a day/);
});

test("Otoroshi's own configuration delivers, waits as the receiver asks, and tells no secret", async (t) => {
  const secret = ['obviously', 'fake', 'token'].join('-');
  const times: number[] = [];
  const { all, endpoint } = await receiver(t, ({ headers }, response) => {
    times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end(`slow down, ${headers.authorization}`);
    else response.writeHead(200).end();
  });
  const { log, lines } = logbook();
  const delivery = await openDelivery({
    dir: diskFolder(t),
    log: ({ level, msg, ...facts }) => log(level, msg, facts),
    exporters: [
      {
        type: 'otlp-logs',
        id: 'o',
        groupDuration: 0,
        config: {
          otlp: {
            grpc: false,
            gzip: true,
            endpoint: `${endpoint}/v1/logs`,
            timeout: 30_000,
            client_cert: null,
            trusted_cert: null,
            headers: { Authorization: `Bearer ${secret}` },
            max_batch: 1_000,
            max_duration: 30_000,
          },
        },
        delivery: { backoff_min: '2ms', backoff_max: '20ms' },
      },
    ],
  });
  t.after(() => delivery.close(0));
  await Promise.all(range(1, 20).map((number) => delivery.accept(record(number))));
  assert.equal(await delivery.drained(20_000), true);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 950);
  assert.deepEqual(new Set(all.flatMap(({ ids }) => ids)).size, 20);
  assert.match(lines.join('\n'), /retrying.*HTTP 429/);
  assert.ok(!lines.join('\n').includes(secret));
});

test('a check sends no record, and tells wrong credentials from right ones', async (t) => {
  const { all, endpoint } = await receiver(t, ({ headers }, response) => {
    response.writeHead(headers.authorization === 'right' ? 200 : 401).end();
  });
  assert.deepEqual(await opened(t, { endpoint, headers: { Authorization: 'right' } }).check(never), {
    is: 'delivered',
  });
  assert.partialDeepStrictEqual(await opened(t, { endpoint }).check(never), { is: 'blocked', reason: 'HTTP 401' });
  assert.deepEqual(
    all.map(({ body }) => body.length),
    [0, 0],
  );
  const nobody = opened(t, { endpoint: 'http://127.0.0.1:9' });
  assert.partialDeepStrictEqual(await nobody.check(never), { is: 'retry' });
});

test('a warning beside a yes is logged once, and stopping does not wait for a receiver that hangs', async (t) => {
  const { all, endpoint } = await receiver(t, (_, response) => {
    if (all.length < 4) response.writeHead(200).end(partialAnswer(0, 'gzip would be kinder'));
  });
  const { log, lines } = logbook();
  const destination = opened(t, { endpoint }, { log });
  for (const number of range(1, 3))
    assert.deepEqual(await destination.send([stored(number)], never), { is: 'delivered' });
  assert.deepEqual(lines, ['warn the destination warns {"exporter":"under-test","warning":"gzip would be kinder"}']);
  const stop = new AbortController();
  const sending = destination.send([stored(4)], stop.signal);
  await eventually(() => all.length === 4);
  const begun = performance.now();
  stop.abort();
  assert.deepEqual(await sending, { is: 'retry', reason: 'stopped' });
  assert.ok(performance.now() - begun < 500);
});
