// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is about templates
/** The exporter `http`: what its configuration says is what a real server gets. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { open } from '../../exporters/http/client.ts';
import { types } from '../../exporters/http/config.ts';
import type { Destination, Surroundings } from '../../exporters/kind.ts';
import { logbook, range, stored, surroundings } from '../unit/exporters/given.ts';
import { listening, status } from '../unit/exporters/net/server.ts';

const never = new AbortController().signal;
const batch = range(1, 3).map((number) => stored(number));

const opened = (
  t: TestContext,
  config: Parameters<typeof types.http.read>[0],
  more: Partial<Surroundings> = {},
): Destination => {
  const http = open(types.http.read(config), surroundings(more));
  t.after(() => http.close());
  return http;
};

test('method, headers, cookies and body are those of the configuration', async (t) => {
  const { all, origin } = await listening(t, status(200));
  const http = opened(t, {
    url: `${origin}/logs?x=1`,
    method: 'put',
    headers: { 'X-Team': 'audit' },
    cookies: [
      { name: 'session', value: 'abc' },
      { name: 'theme', value: 'dark' },
    ],
    content_type: 'application/x-ndjson',
    body: '${events.ndjson}',
  });
  assert.deepEqual(await http.send(batch, never), { is: 'delivered' });
  assert.partialDeepStrictEqual(all, [
    {
      method: 'PUT',
      path: '/logs?x=1',
      headers: { 'x-team': 'audit', cookie: 'session=abc; theme=dark', 'content-type': 'application/x-ndjson' },
      body: batch.map(({ body }) => `${body}\n`).join(''),
    },
  ]);
});

test('without a word about them: GET as in Otoroshi, JSON; a body goes with a GET as well, and the log says what that is worth', async (t) => {
  const { all, origin } = await listening(t, status(200));
  const { log, lines } = logbook();
  await opened(t, { url: origin }, { log }).send(batch, never);
  await opened(t, { url: origin, body: '{"events":${events}}' }, { log }).send(batch, never);
  assert.deepEqual(
    all.map(({ method, headers, body }) => [method, headers['content-type'], body]),
    [
      ['GET', 'application/json', ''],
      ['GET', 'application/json', `{"events":[${batch.map(({ body }) => body).join(',')}]}`],
    ],
  );
  assert.match(
    lines.join('\n'),
    /^warn the body has no events in it.*\nwarn the method is GET: few servers read its body/,
  );
});

test('a header of the configuration stands over the default, in whatever case it is written', async (t) => {
  const { all, origin } = await listening(t, status(200));
  const headers = { 'Content-Type': 'text/plain', 'User-Agent': 'ours' };
  await opened(t, { url: origin, method: 'POST', headers, body: '${now_str}' }, { now: () => 0 }).send(batch, never);
  assert.partialDeepStrictEqual(all, [
    { headers: { 'content-type': 'text/plain', 'user-agent': 'ours' }, body: '1970-01-01T00:00:00.000Z' },
  ]);
});

test('success is what the configuration calls so', async (t) => {
  for (const [code, success, is] of [
    [299, undefined, 'delivered'],
    [409, undefined, 'split'],
    [409, [200, 409], 'delivered'],
    [202, [200, 409], 'retry'],
  ] as const) {
    const { origin } = await listening(t, status(code));
    const http = opened(t, {
      url: origin,
      method: 'POST',
      body: '${events}',
      ...(success && { success: [...success] }),
    });
    assert.partialDeepStrictEqual(await http.send(batch, never), { is }, `${code}`);
  }
});

test('`timeout` is in milliseconds and stands over that of the delivery', async (t) => {
  const { origin } = await listening(t, () => {});
  const http = opened(t, { url: origin, method: 'POST', body: '${events}', timeout: 50 }, { timeout: 60_000 });
  assert.deepEqual(await http.send(batch, never), { is: 'retry', reason: 'no answer in time' });
});

test('compressed bodies say so', async (t) => {
  const bodies: Buffer[] = [];
  const { createServer } = await import('node:http');
  const server = createServer(async (request, response) => {
    assert.equal(request.headers['content-encoding'], 'gzip');
    bodies.push(Buffer.concat(await request.toArray()));
    response.end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const http = opened(t, { url, method: 'POST', body: '${events}', compression: 'gzip' });
  assert.deepEqual(await http.send(batch, never), { is: 'delivered' });
  assert.deepEqual(
    JSON.parse(gunzipSync(bodies[0] ?? '').toString()),
    batch.map(({ body }) => JSON.parse(body)),
  );
});

test('a secret in the address, in a cookie or in the template is not told, even when it comes back', async (t) => {
  const secret = (name: string): string => `obviously-fake-${name}`;
  const { origin } = await listening(t, ({ path, headers, body }, response) => {
    response.writeHead(400).end(`cannot ${path} with ${headers.cookie} and ${body}`);
  });
  const http = opened(t, {
    url: `${origin}/in?key=${secret('query')}`,
    method: 'POST',
    cookies: [{ name: 'session', value: secret('cookie') }],
    body: `{"token":"${secret('body')}","n":\${events.length}}`,
  });
  const outcome = await http.send(batch, never);
  assert.deepEqual(outcome, { is: 'split', reason: 'HTTP 400: cannot *** with *** and {"token":"***","n":3}' });
});
