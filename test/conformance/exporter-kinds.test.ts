/** What every kind of exporter owes, whatever it speaks: a destination that is gone, silent or mad costs no event, hangs nothing, tells no secret. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Destination } from '../../exporters/kind.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { kinds } from '../../exporters/registry.generated.ts';
import { freePort } from '../services/ports.ts';
import { folder, stored, surroundings } from '../unit/exporters/given.ts';

type Type = keyof typeof kinds;

const secret = 'PLANTED-credential-7f3a91';

/** Of each kind that connects: the smallest configuration that goes to a port, with every credential that it knows. */
const networked: Partial<Record<Type, (port: number) => object>> = {
  webhook: (port) => ({ url: `http://127.0.0.1:${port}/`, headers: { authorization: `Bearer ${secret}` } }),
  http: (port) => ({
    url: `http://127.0.0.1:${port}/`,
    method: 'POST',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own way
    body: '${events}',
    headers: { 'x-api-key': secret },
  }),
  splunk: (port) => ({ url: `http://127.0.0.1:${port}/`, token: secret }),
  datadog: (port) => ({ url: `http://127.0.0.1:${port}/`, token: secret }),
  newrelic: (port) => ({ url: `http://127.0.0.1:${port}/`, token: secret }),
  loki: (port) => ({ url: `http://127.0.0.1:${port}/`, headers: { authorization: `Bearer ${secret}` } }),
  elastic: (port) => ({ uris: [`http://127.0.0.1:${port}`], index: 'audit', user: 'audit', password: secret }),
  kafka: (port) => ({
    servers: [`127.0.0.1:${port}`],
    securityProtocol: 'SASL_PLAINTEXT',
    saslConfig: { username: 'audit', password: secret, mechanism: 'PLAIN' },
  }),
  otlp: (port) => ({ endpoint: `http://127.0.0.1:${port}`, headers: { authorization: `Bearer ${secret}` } }),
  'otlp-logs': (port) => ({
    otlp: { endpoint: `http://127.0.0.1:${port}/v1/logs`, headers: { authorization: `Bearer ${secret}` } },
  }),
  postgresql: (port) => ({ host: '127.0.0.1', port, user: 'audit', password: secret, database: 'audit' }),
};

/** Those that write where they are. */
const local: readonly string[] = ['console', 'file'];

const timeout = 600;
/** Milliseconds after which nothing may still hang, on a busy machine. */
const patience = 15_000;

const opened = async (t: TestContext, type: Type, port: number): Promise<{ it: Destination; said: string[] }> => {
  const config = networked[type]?.(port) ?? {};
  assert.deepEqual(kinds[type].problems(config, 'config'), []);
  const said: string[] = [];
  const it = await kinds[type].open(
    config,
    surroundings({
      timeout,
      log: (level, message, facts) => said.push(`${level} ${message} ${JSON.stringify(facts)}`),
    }),
  );
  t.after(() => it.close());
  return { it, said };
};

const inTime = async <Result>(what: Promise<Result>, name: string): Promise<Result> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${name} takes longer than ${patience} ms`)), patience);
  try {
    return await Promise.race([what, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const listening = async (t: TestContext, on: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    on(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const batch = [stored(1), stored(2), stored(3)];

/** Nothing was taken and nothing is lost: the events wait. */
const assertWaits = (outcome: Outcome | Outcome[], said: readonly string[]): void => {
  for (const one of [outcome].flat()) {
    assert.ok(one.is === 'retry' || one.is === 'blocked', JSON.stringify(one));
    assert.ok(one.reason.length > 3 && one.reason.length < 1_000, 'the reason is for people');
    assert.ok(!one.reason.includes(secret), one.reason);
  }
  assert.ok(!said.join().includes(secret), 'the log tells no secret');
};

test('every kind has its place in this suite, its schema, and a page with its outcomes', () => {
  for (const type of Object.keys(kinds))
    assert.ok(type in networked || local.includes(type), `${type} has no row here`);
  const registry = readFileSync(new URL('../../exporters/registry.generated.ts', import.meta.url), 'utf8');
  const folders = new Set([...registry.matchAll(/import\('\.\/([a-z]+)\/client\.ts'\)/g)].map(([, name]) => name));
  assert.ok(folders.size >= 3);
  for (const name of folders) {
    const page = new URL(`../../exporters/${name}/README.md`, import.meta.url);
    assert.ok(existsSync(page), `${name} has no README.md`);
    assert.match(readFileSync(page, 'utf8'), /outcome/i, `${name}/README.md has no outcomes`);
  }
});

for (const type of Object.keys(networked) as Type[]) {
  test(`${type}: when nobody listens, the events wait, and the health check says so`, async (t) => {
    const { it, said } = await opened(t, type, await freePort());
    assertWaits(await inTime(it.send(batch, new AbortController().signal), 'send'), said);
    assertWaits(await inTime(it.check(new AbortController().signal), 'check'), said);
    await inTime(it.close(), 'close');
  });

  test(`${type}: a destination that never answers is given up after the timeout, at once when the exporter stops`, async (t) => {
    const { it, said } = await opened(t, type, await listening(t, () => {}));
    assertWaits(await inTime(it.send(batch, new AbortController().signal), 'send'), said);
    const stop = new AbortController();
    const sending = it.send(batch, stop.signal);
    setTimeout(() => stop.abort(), 50);
    assertWaits(await inTime(sending, 'a send that was stopped'), said);
    await inTime(it.close(), 'close');
  });

  test(`${type}: one that answers nonsense, or hangs up, has taken nothing`, async (t) => {
    let calls = 0;
    const port = await listening(t, (socket) => {
      if (calls++ % 2 === 0) socket.end(`${secret} \u0000\u0001 220 no protocol that anybody speaks\r\n\r\n`);
      else socket.destroy();
    });
    const { it, said } = await opened(t, type, port);
    for (const _ of [1, 2, 3]) assertWaits(await inTime(it.send(batch, new AbortController().signal), 'send'), said);
    await inTime(it.close(), 'close');
  });
}

test('file: what it has delivered is in the file', async (t) => {
  const path = `${folder(t)}/events.ndjson`;
  const it = await kinds.file.open({ path }, surroundings());
  t.after(() => it.close());
  const outcome = await it.send(batch, new AbortController().signal);
  assert.deepEqual(
    [outcome].flat().map(({ is }) => is),
    ['delivered'],
  );
  assert.equal(readFileSync(path, 'utf8'), batch.map(({ body }) => `${body}\n`).join(''));
});
