/** The webhook exporter against a real HTTP server that answers, stumbles, cuts and lies. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ExporterConfig } from '../../exporters/config.ts';
import { Outbox } from '../../exporters/outbox.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { open } from '../../exporters/webhook/client.ts';
import { read } from '../../exporters/webhook/config.ts';
import { eventually, folder, logbook, range, record, stored, surroundings } from '../unit/exporters/given.ts';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly ids: string[];
}

/** A destination that answers as the test says, and remembers what it got. */
const destination = async (
  t: TestContext,
  answer: (received: Received, response: ServerResponse) => void,
  tls?: { key: string; cert: string },
) => {
  const all: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const body = (await request.toArray()).join('');
    const received = {
      headers: request.headers,
      ids: JSON.parse(body).map((event: { '@id': string }) => event['@id']),
    };
    all.push(received);
    answer(received, response);
  };
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { all, url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/in?token=abc` };
};

/** A certificate of its own making; null without the program for it. */
const selfSigned = (): { key: string; cert: string } | null => {
  const { stdout, status: exit } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=127.0.0.1',
      '-days',
      '1',
      '-keyout',
      '-',
      '-out',
      '-',
    ],
    { encoding: 'utf8' },
  );
  return exit === 0 ? { key: stdout, cert: stdout } : null;
};

const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (_: Received, response: ServerResponse): void => {
    response.writeHead(code, headers).end(body);
  };

const sendOnce = async (t: TestContext, url: string, { timeout = 2000, headers = {} } = {}): Promise<Outcome> => {
  const webhook = open(read({ url, headers }), surroundings({ timeout }));
  t.after(() => webhook.close());
  return (await webhook.send([stored(1), stored(2)], new AbortController().signal)) as Outcome;
};

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
  const { all, url } = await destination(t, status(204));
  assert.deepEqual(await sendOnce(t, url, { headers: { authorization: 'Basic eHl6', 'x-team': 'audit' } }), {
    is: 'delivered',
  });
  assert.partialDeepStrictEqual(all, [
    {
      ids: ['event-000001', 'event-000002'],
      headers: { authorization: 'Basic eHl6', 'x-team': 'audit', 'content-type': 'application/json' },
    },
  ]);
  assert.match(String(all[0]?.headers['webhook-id']), /^batch_[\w-]{32}$/);
});

test('a destination that comes back gets everything, in order, each batch with the id that it had before', async (t) => {
  let refusals = 6;
  const { all, url } = await destination(t, (received, response) =>
    status(refusals-- > 0 ? 503 : 200)(received, response),
  );
  const { outbox } = await delivering(t, url, { groupSize: 10 });
  outbox.append(range(1, 50).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.deepEqual(
    all.slice(6).flatMap(({ ids }) => ids),
    range(1, 50).map((number) => record(number).id),
  );
  assert.equal(new Set(all.slice(0, 7).map(({ headers }) => headers['webhook-id'])).size, 1);
});

test('an answer that is cut off after the destination has taken the batch leads to the same batch again, under the same id', async (t) => {
  let cuts = 2;
  const { all, url } = await destination(t, (received, response) =>
    cuts-- > 0 ? response.socket?.destroy() : status(200)(received, response),
  );
  const { outbox } = await delivering(t, url);
  outbox.append(range(1, 5).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
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
  assert.deepEqual(await sendOnce(t, url), { is: 'delivered' });
});

test('a batch that is too large is halved until it fits, and an event that never fits is a dead letter', async (t) => {
  const { all, url } = await destination(t, (received, response) =>
    status(received.ids.length > 3 || received.ids.includes('event-000007') ? 413 : 200)(received, response),
  );
  const { outbox } = await delivering(t, url, { groupSize: 20 });
  outbox.append(range(1, 20).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.partialDeepStrictEqual(outbox.stats(), {
    exporters: [{ delivered: 19, dead_lettered: 1 }],
    dead_letters: { records: 1 },
  });
  assert.equal(new Set(all.filter(({ ids }) => ids.length <= 3).flatMap(({ ids }) => ids)).size, 20);
});

test('an event that the destination calls bad goes to the dead letters, all others arrive', async (t) => {
  const { url } = await destination(t, (received, response) =>
    status(
      received.ids.some((id) => /000013|000031/.test(id)) ? 422 : 200,
      {},
      '{"error":"unknown model"}',
    )(received, response),
  );
  const { outbox, lines } = await delivering(t, url, { groupSize: 25 });
  outbox.append(range(1, 50).map((number) => record(number)));
  assert.equal(await outbox.drained(20_000), true);
  assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 48, dead_lettered: 2, pending: 0 });
  assert.match(lines.join(), /dead letters.*HTTP 422: .*unknown model/);
});

test('Retry-After is obeyed', async (t) => {
  const times: number[] = [];
  const { url } = await destination(t, (received, response) => {
    times.push(performance.now());
    status(times.length === 1 ? 429 : 200, { 'retry-after': '1' })(received, response);
  });
  const { outbox } = await delivering(t, url);
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 950);
});

test('a destination that does not answer is given up after the timeout and tried again', async (t) => {
  let silent = 1;
  const { all, url } = await destination(t, (received, response) => {
    if (silent-- <= 0) status(200)(received, response);
  });
  const { outbox, lines } = await delivering(t, url, { delivery: { timeout: '100ms' } });
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  assert.equal(all.length, 2);
  assert.match(lines[0] ?? '', /retrying.*no answer in time/);
});

test('redirects are not followed, and wrong credentials stop the exporter without condemning an event', async (t) => {
  const elsewhere = await destination(t, status(200));
  for (const [code, headers] of [
    [307, { location: elsewhere.url }],
    [401, {}],
    [404, {}],
  ] as const) {
    const { all, url } = await destination(t, status(code, headers));
    const { outbox } = await delivering(t, url);
    outbox.append([record(1)]);
    await eventually(() => outbox.stats().exporters[0]?.state === 'blocked');
    assert.partialDeepStrictEqual(outbox.stats(), {
      exporters: [{ state: 'blocked', reason: `HTTP ${code}`, pending: 1, dead_lettered: 0 }],
    });
    assert.equal(all.length, 1);
  }
  assert.equal(elsewhere.all.length, 0);
});

test('a certificate that nobody vouches for is not accepted, whatever the environment says', async (t) => {
  const pair = selfSigned();
  if (!pair) return t.skip('no openssl to make a certificate with');
  const { all, url } = await destination(t, status(200), pair);
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.after(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  assert.partialDeepStrictEqual(await sendOnce(t, url), {
    is: 'blocked',
    reason: 'the certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  assert.equal(all.length, 0);
});

test('an address of the metadata service is not connected to, even if the configuration was not checked', async (t) => {
  assert.partialDeepStrictEqual(await sendOnce(t, 'http://169.254.169.254/latest/meta-data'), { is: 'blocked' });
});

test('no secret gets into logs, states or dead letters, even when the destination sends it back', async (t) => {
  const secret = ['obviously', 'fake', 'credential'].join('-');
  const { url } = await destination(t, ({ headers }, response) =>
    status(400, {}, `bad token in ${headers.authorization}, ${secret}`)({ headers, ids: [] }, response),
  );
  const { outbox, lines } = await delivering(t, url, {
    config: { url, headers: { authorization: `Bearer ${secret}` } },
  });
  outbox.append([record(1)]);
  assert.equal(await outbox.drained(20_000), true);
  assert.match(lines.join(), /HTTP 400: bad token in \*\*\*/);
  assert.ok(!lines.join().includes(secret) && !lines.join().includes('token=abc'));
  assert.ok(!JSON.stringify(outbox.stats()).includes(secret));
});

test('stopping does not wait for a destination that hangs', async (t) => {
  const { all, url } = await destination(t, () => {});
  const { outbox } = await delivering(t, url);
  outbox.append([record(1)]);
  await eventually(() => all.length === 1);
  const begun = performance.now();
  await outbox.close(0);
  assert.ok(performance.now() - begun < 1000);
});
