/** The webhook exporter against a real HTTP server that answers, stumbles, cuts and lies. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { ExporterConfig } from '../../exporters/config.ts';
import { Outbox } from '../../exporters/delivery/outbox.ts';
import type { Destination, Surroundings } from '../../exporters/kind.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { open } from '../../exporters/webhook/client.ts';
import { read, type Written } from '../../exporters/webhook/config.ts';
import { eventually, folder, logbook, range, record, stored, surroundings } from '../unit/exporters/given.ts';
import { listening, type Received, status } from '../unit/exporters/net/server.ts';

/** A destination of JSON arrays: knows the ids of each. */
const destination = async (
  t: TestContext,
  answer: (ids: readonly string[], response: ServerResponse, headers: IncomingHttpHeaders) => void,
) => {
  const idsOf = (body: string): string[] => JSON.parse(body).map((event: { '@id': string }) => event['@id']);
  const { all, origin } = await listening(t, ({ body, headers }, response) => answer(idsOf(body), response, headers));
  return {
    received: () => all.map(({ headers, body }) => ({ headers, ids: idsOf(body) })),
    url: `${origin}/in?token=abc`,
  };
};

const answered =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (_: readonly string[], response: ServerResponse): void => {
    response.writeHead(code, headers).end(body);
  };

const opened = (t: TestContext, config: Written, more: Partial<Surroundings> = {}): Destination => {
  const webhook = open(read(config), surroundings(more));
  t.after(() => webhook.close());
  return webhook;
};

const never = new AbortController().signal;

const sendOnce = async (
  t: TestContext,
  config: Written,
  more: Partial<Surroundings> = {},
): Promise<Outcome | Outcome[]> => opened(t, config, more).send([stored(1), stored(2)], never);

/** An outbox with this webhook alone, that waits next to nothing. */
const delivering = async (t: TestContext, url: string, more: Partial<ExporterConfig> = {}) => {
  const { log, lines } = logbook();
  const exporter: ExporterConfig = {
    type: 'webhook',
    id: 'w',
    groupDuration: 0,
    config: { url },
    ...more,
    delivery: { backoff_min: '2ms', backoff_max: '20ms', ...more.delivery },
  };
  const outbox = await Outbox.open({
    dir: folder(t),
    exporters: [exporter],
    maxBytes: 1e9,
    segmentBytes: 1e9,
    onFull: 'drop_oldest',
    keep: 0,
    held: false,
    deadLetters: { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY },
    log,
  });
  t.after(() => outbox.close(0).catch(() => {})); // a test may have closed it
  return { outbox, lines };
};

test('a batch is one POST of a JSON array, with the headers of the configuration', async (t) => {
  const { received, url } = await destination(t, answered(204));
  assert.deepEqual(await sendOnce(t, { url, headers: { Authorization: 'Basic eHl6', 'x-team': 'audit' } }), {
    is: 'delivered',
  });
  assert.partialDeepStrictEqual(received(), [
    {
      ids: ['event-000001', 'event-000002'],
      headers: { authorization: 'Basic eHl6', 'x-team': 'audit', 'content-type': 'application/json' },
    },
  ]);
  assert.match(String(received()[0]?.headers['webhook-id']), /^batch_[\w-]{32}$/);
});

test('a destination that comes back gets everything, in order, each batch with the id that it had before', async (t) => {
  let refusals = 6;
  const { received, url } = await destination(t, (ids, response) =>
    answered(refusals-- > 0 ? 503 : 200)(ids, response),
  );
  const { outbox } = await delivering(t, url, { groupSize: 10 });
  outbox.append(range(1, 50).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  const all = received();
  assert.deepEqual(
    all.slice(6).flatMap(({ ids }) => ids),
    range(1, 50).map((number) => record(number).id),
  );
  assert.equal(new Set(all.slice(0, 7).map(({ headers }) => headers['webhook-id'])).size, 1);
});

test('an answer that is cut off after the destination has taken the batch leads to the same batch again, under the same id', async (t) => {
  let cuts = 2;
  const { received, url } = await destination(t, (ids, response) =>
    cuts-- > 0 ? response.socket?.destroy() : answered(200)(ids, response),
  );
  const { outbox } = await delivering(t, url);
  outbox.append(range(1, 5).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  const all = received();
  assert.equal(all.length, 3);
  for (const { ids, headers } of all) {
    assert.deepEqual(ids, all[0]?.ids);
    assert.equal(headers['webhook-id'], all[0]?.headers['webhook-id']);
  }
  assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 5, pending: 0 });
});

test('an answer without a body that ends still counts once its head says yes', async (t) => {
  const { url } = await destination(t, (_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('some');
    response.socket?.end();
  });
  assert.deepEqual(await sendOnce(t, { url }), { is: 'delivered' });
});

test('an answer that never ends, or never stops, costs a bounded time and memory', async (t) => {
  const trickling = await destination(t, (_, response) => {
    response.writeHead(400).write('slowly');
  });
  assert.deepEqual(await sendOnce(t, { url: trickling.url }, { timeout: 200 }), {
    is: 'split',
    reason: 'HTTP 400: slowly',
  });
  const endless = await destination(t, (_, response) => {
    response.writeHead(400);
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', pour);
    pour();
  });
  const begun = performance.now();
  assert.partialDeepStrictEqual(await sendOnce(t, { url: endless.url }, { timeout: 10_000 }), { is: 'split' });
  assert.ok(performance.now() - begun < 5000);
});

test('a batch that is too large is halved until it fits, and an event that never fits is a dead letter', async (t) => {
  const { received, url } = await destination(t, (ids, response) =>
    answered(ids.length > 3 || ids.includes('event-000007') ? 413 : 200)(ids, response),
  );
  const { outbox } = await delivering(t, url, { groupSize: 20 });
  outbox.append(range(1, 20).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.partialDeepStrictEqual(outbox.stats(), {
    exporters: [{ delivered: 19, dead_lettered: 1 }],
    dead_letters: { records: 1 },
  });
  assert.equal(
    new Set(
      received()
        .filter(({ ids }) => ids.length <= 3)
        .flatMap(({ ids }) => ids),
    ).size,
    20,
  );
});

test('an event that the destination calls bad goes to the dead letters, all others arrive', async (t) => {
  const { url } = await destination(t, (ids, response) =>
    answered(ids.some((id) => /000013|000031/.test(id)) ? 422 : 200, {}, '{"error":"unknown model"}')(ids, response),
  );
  const { outbox, lines } = await delivering(t, url, { groupSize: 25 });
  outbox.append(range(1, 50).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 48, dead_lettered: 2, pending: 0 });
  const { letters } = await outbox.deadLetters.page({}, null, 10);
  for (const { reason } of letters) assert.match(reason, /^HTTP 422: .*unknown model/);
  assert.match(lines.join(), /dead letters.*HTTP 422/);
  assert.doesNotMatch(lines.join(), /unknown model/, 'what a destination says may quote the event: not for the log');
});

test('Retry-After is obeyed', async (t) => {
  const times: number[] = [];
  const { url } = await destination(t, (ids, response) => {
    times.push(performance.now());
    answered(times.length === 1 ? 429 : 200, { 'retry-after': '1' })(ids, response);
  });
  const { outbox } = await delivering(t, url);
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 950);
});

test('a destination that does not answer is given up after the timeout and tried again', async (t) => {
  let silent = 1;
  const { received, url } = await destination(t, (ids, response) => {
    if (silent-- <= 0) answered(200)(ids, response);
  });
  const { outbox, lines } = await delivering(t, url, { delivery: { timeout: '100ms' } });
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  assert.equal(received().length, 2);
  assert.match(lines[0] ?? '', /retrying.*no answer in time/);
});

test('a redirect to another host, and wrong credentials, stop the exporter without condemning an event', async (t) => {
  const elsewhere = await destination(t, answered(200));
  for (const [code, headers] of [
    [301, { location: '/moved' }],
    [307, { location: elsewhere.url }],
    [401, {}],
    [404, {}],
  ] as const) {
    const { received, url } = await destination(t, answered(code, headers));
    const { outbox } = await delivering(t, url);
    outbox.append([record(1)]);
    await eventually(() => outbox.stats().exporters[0]?.state === 'blocked');
    assert.partialDeepStrictEqual(outbox.stats(), {
      exporters: [{ state: 'blocked', reason: `HTTP ${code}`, pending: 1, dead_lettered: 0 }],
    });
    assert.equal(received().length, 1);
  }
  assert.equal(elsewhere.received().length, 0);
});

test('a redirect within the destination that keeps method and body is followed, three times at most', async (t) => {
  const { all, origin } = await listening(t, ({ path }, response) => {
    const hop = Number(path.slice(1));
    response.writeHead(hop < 3 ? 308 : 200, hop < 3 ? { location: `/${hop + 1}` } : {}).end();
  });
  assert.deepEqual(await sendOnce(t, { url: `${origin}/0`, headers: { authorization: 'Basic eHl6' } }), {
    is: 'delivered',
  });
  assert.deepEqual(
    all.map(({ method, path, headers }) => [method, path, headers.authorization]),
    range(0, 3).map((hop) => ['POST', `/${hop}`, 'Basic eHl6']),
  );
  assert.equal(new Set(all.map(({ body }) => body)).size, 1);
  const ring = await listening(t, status(307, { location: '/again' }));
  assert.partialDeepStrictEqual(await sendOnce(t, { url: ring.origin }), { is: 'blocked', reason: 'HTTP 307' });
  assert.equal(ring.all.length, 4);
});

test('an endpoint that is gone is left alone until the next start', async (t) => {
  const { url } = await destination(t, answered(410));
  assert.partialDeepStrictEqual(await sendOnce(t, { url }), { is: 'blocked', final: true });
});

test('an address of the metadata service is not connected to, even if the configuration was not checked', async (t) => {
  assert.partialDeepStrictEqual(await sendOnce(t, { url: 'http://169.254.169.254/latest/meta-data' }), {
    is: 'blocked',
  });
});

test('of a destination that somebody else chose, only public and allowed addresses are connected to, names by what they resolve to', async (t) => {
  const { all, port } = await listening(t, status(200));
  for (const [host, allow, is] of [
    ['127.0.0.1', [], 'blocked'],
    ['localhost', [], 'blocked'],
    ['[::ffff:127.0.0.1]', [], 'blocked'],
    ['127.0.0.1', ['127.0.0.0/8'], 'delivered'],
    ['localhost', ['localhost'], 'delivered'],
  ] as const) {
    assert.partialDeepStrictEqual(await sendOnce(t, { url: `http://${host}:${port}/` }, { trust: { allow } }), { is });
  }
  assert.equal(all.length, 2);
});

test('no secret gets into logs, states or dead letters, even when the destination sends it back', async (t) => {
  const secret = ['obviously', 'fake', 'credential'].join('-');
  const { url } = await destination(t, (ids, response, { authorization }) =>
    answered(
      400,
      {},
      `bad token in ${authorization}, ${secret}, ${encodeURIComponent(secret)}, POST /in?token=abc`,
    )(ids, response),
  );
  const { outbox, lines } = await delivering(t, url, {
    config: { url, headers: { authorization: `Bearer ${secret}` } },
  });
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  const told = `${JSON.stringify(await outbox.deadLetters.page({}, null, 10))}${lines.join()}`;
  assert.match(told, /HTTP 400: bad token in \*\*\*/);
  assert.ok(!told.includes(secret) && !told.includes('token=abc'));
  assert.ok(!JSON.stringify(outbox.stats()).includes(secret));
});

test('stopping does not wait for a destination that hangs', async (t) => {
  const { received, url } = await destination(t, () => {});
  const { outbox } = await delivering(t, url);
  outbox.append([record(1)]);
  await eventually(() => received().length === 1);
  const begun = performance.now();
  await outbox.close(0);
  assert.ok(performance.now() - begun < 1000);
});

test('an exchange that is over leaves nothing behind on the signal of the exporter', async (t) => {
  const { signal } = new AbortController();
  const answers = await destination(t, answered(200));
  const webhook = opened(t, { url: answers.url });
  const nobody = opened(t, { url: 'http://127.0.0.1:1' });
  for (const each of [webhook, nobody]) for (const seq of range(1, 5)) await each.send([stored(seq)], signal);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

test('what was signed is what the receiver of Standard Webhooks takes: with the old secret, with the new one, not with another', async (t) => {
  const secret = (seed: number): string => `whsec_${Buffer.alloc(24 + seed, seed).toString('base64')}`;
  const { all, origin } = await listening(t, status(200));
  const moment = Date.now();
  let passed = 0;
  const webhook = opened(
    t,
    { url: origin, signing: { secrets: [secret(1), secret(2)] } },
    { now: () => moment + passed },
  );
  const batch = [stored(1, { text: 'Grüße, 你好 👋' }), stored(2)];
  assert.deepEqual(await webhook.send(batch, never), { is: 'delivered' });
  passed = 90_000;
  assert.deepEqual(await webhook.send(batch, never), { is: 'delivered' });
  const heard = ({ body, headers }: Received, key: number): unknown =>
    new Webhook(secret(key)).verify(body, headers as Record<string, string>);
  for (const received of all) {
    for (const key of [1, 2])
      assert.deepEqual(
        heard(received, key),
        batch.map(({ body }) => JSON.parse(body)),
      );
    assert.throws(() => heard(received, 3), /No matching signature/);
    assert.throws(() => heard({ ...received, body: received.body.replace('1', '2') }, 1), /No matching signature/);
  }
  const [first, second] = all.map(({ headers }) => headers);
  assert.equal(first?.['webhook-id'], second?.['webhook-id']);
  assert.equal(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp']), 90);
});

test('format single: one event per request, in order; what follows one that has to wait is not sent before it', async (t) => {
  let busy = 1;
  const { all, origin } = await listening(t, ({ body }, response) => {
    const bad = body.includes('event-000003') && busy-- > 0;
    response.writeHead(bad ? 503 : 200).end();
  });
  const { outbox } = await delivering(t, origin, { config: { url: origin, format: 'single' } });
  outbox.append(range(1, 5).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.deepEqual(
    all.map(({ body }) => JSON.parse(body).number),
    [1, 2, 3, 3, 4, 5],
  );
  assert.equal(new Set(all.map(({ headers }) => headers['webhook-id'])).size, 5);
});

test('format single: an event that is refused is a dead letter, those behind it arrive', async (t) => {
  const { all, origin } = await listening(t, ({ body }, response) => {
    response.writeHead(body.includes('event-000002') ? 422 : 200).end();
  });
  const { outbox } = await delivering(t, origin, { config: { url: origin, format: 'single' } });
  outbox.append(range(1, 4).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 3, dead_lettered: 1 });
  assert.equal(all.length, 4);
});

test('format cloudevents: a batch of structured events around the unchanged text', async (t) => {
  const { all, origin } = await listening(t, status(202));
  const event = { provider: 'openai', model: 'gpt-5', nested: { number: 1.5 } };
  for (const format of ['cloudevents', 'cloudevents_single'] as const) {
    const config = { url: origin, format, cloudevents: { source: 'https://gateway.example.com' } };
    await opened(t, config).send([stored(1, event), stored(2)], never);
  }
  const [batch, first, second] = all;
  const expected = {
    specversion: '1.0',
    id: 'event-000001',
    source: 'https://gateway.example.com',
    type: 'io.otoroshi.LLMUsageAudit',
    time: '2023-11-14T22:13:20.001Z',
    subject: 'openai/gpt-5',
    datacontenttype: 'application/json',
    data: JSON.parse(stored(1, event).body),
  };
  assert.equal(batch?.headers['content-type'], 'application/cloudevents-batch+json; charset=utf-8');
  assert.deepEqual(JSON.parse(batch?.body ?? '')[0], expected);
  assert.ok(!('subject' in JSON.parse(batch?.body ?? '')[1]));
  assert.equal(first?.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  assert.deepEqual(JSON.parse(first?.body ?? ''), expected);
  assert.equal(JSON.parse(second?.body ?? '').id, 'event-000002');
});

test('a check asks without an event: whether somebody is there and takes our credentials', async (t) => {
  const outcomes = [];
  for (const code of [200, 405, 401, 503]) {
    const { all, origin } = await listening(t, status(code));
    const { is } = await opened(t, { url: `${origin}/@serviceId` }).check(never);
    outcomes.push([code, is]);
    assert.deepEqual([all[0]?.method, all[0]?.path, all[0]?.body], ['HEAD', '/--', '']);
  }
  assert.deepEqual(outcomes, [
    [200, 'delivered'],
    [405, 'delivered'],
    [401, 'blocked'],
    [503, 'retry'],
  ]);
  const { port } = await listening(t, status(200));
  const nobody = await opened(t, { url: `http://127.0.0.1:${port === 1 ? 2 : 1}` }).check(never);
  assert.deepEqual(nobody, { is: 'retry', reason: 'no connection: ECONNREFUSED' });
});
