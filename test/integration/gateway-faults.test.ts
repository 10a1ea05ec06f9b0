/** Faults that were found once, each as the story in which it happened. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { keyBudget } from '../support/budgets.ts';
import { consumer, startStack, upstream } from '../support/stack.ts';

const json = { 'content-type': 'application/json' };
const post = (url: string, body: string, headers: Record<string, string> = json) =>
  request(url, { method: 'POST', body, headers });
const ask = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...more });
const completion = (usage: object) =>
  JSON.stringify({
    id: 'x',
    model: 'gpt-4o-mini',
    choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }],
    usage,
  });
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const socketTo = (origin: string) => connect(Number(new URL(origin).port), '127.0.0.1');
const upgrade = 'GET /openai/v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';

test('an upgrade whose client resets the connection does not end the process', async (t) => {
  const stack = await startStack(t);
  for (let i = 0; i < 5; i++) {
    const socket = socketTo(stack.origin);
    await once(socket, 'connect');
    socket.write(upgrade);
    socket.resetAndDestroy();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await request(`${stack.origin}/healthz`)).statusCode, 200);
});

test('an upgraded client that keeps its side open does not hold up the shutdown', async (t) => {
  const stack = await startStack(t);
  const socket = connect({ port: Number(new URL(stack.origin).port), host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(upgrade);
  await once(socket, 'data');
  await stack.gateway.close(100);
});

test('an offer to upgrade to h2c is passed over', async (t) => {
  const stack = await startStack(t);
  const socket = socketTo(stack.origin);
  const body = ask();
  socket.write(
    `POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  assert.match(first.toString(), /^HTTP\/1\.1 200 /);
});

test('a path that is not UTF-8 makes an event like any other', async (t) => {
  const stack = await startStack(t);
  await (await post(`${stack.origin}/openai/openai/deployments/%FF/chat/completions`, ask())).body.dump();
  assert.equal((await stack.events(1))[0]?.deployment_id, '%FF');
});

test('a message nested a hundred thousand deep is served and makes its event, and spends its budget', async (t) => {
  const origin = await upstream(t, (req, res) => {
    req.resume().on('end', () => res.writeHead(200, json).end(completion(usage)));
  });
  const budget = keyBudget('b', 'b', { tokens: 30 });
  const stack = await startStack(t, { upstreams: { openai: origin }, keys: { k: consumer('b') }, budgets: [budget] });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const body = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":${deep}},{"role":"assistant","content":null,"output":${deep}}]}`;
  const codes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await post(`${stack.origin}/openai/v1/chat/completions`, body, {
      ...json,
      authorization: 'Bearer k',
    });
    codes.push(answer.statusCode);
    await answer.body.dump();
  }
  assert.deepEqual(codes, [200, 200, 429]);
  await stack.events(3);
  assert.equal(stack.gateway.inFlight(), 0);
});

test('a fragment in the path or the query is refused: the provider would not see it', async (t) => {
  const stack = await startStack(t);
  for (const target of [
    '/openai/v1/chat/completions#/cancel',
    '/openai/v1/models?x#y',
    '/openai/v1/chat%00/completions',
  ]) {
    const socket = socketTo(stack.origin);
    socket.end(`POST ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`);
    let text = '';
    for await (const part of socket) text += part;
    assert.match(text, /^HTTP\/1\.1 400 /, target);
  }
});

test('an answer that is only promised is unmetered, and refused under a budget', async (t) => {
  const origin = await upstream(t, (_req, res) => {
    res
      .writeHead(200, json)
      .end(JSON.stringify({ id: 'r', model: 'gpt-5', status: 'queued', usage: null, output: [] }));
  });
  const budget = keyBudget('b', 'b', { tokens: 30 });
  const stack = await startStack(t, {
    upstreams: { openai: origin },
    keys: { k: consumer('b'), free: consumer('f') },
    budgets: [budget],
  });
  const body = JSON.stringify({ model: 'gpt-5', input: 'write a book', background: true });
  const responses = (key: string) =>
    post(`${stack.origin}/openai/v1/responses`, body, { ...json, authorization: `Bearer ${key}` });
  await (await responses('free')).body.dump();
  assert.equal((await responses('k')).statusCode, 403);
  const [promised] = await stack.events(2);
  assert.partialDeepStrictEqual(promised, { outcome: 'success', usage: { source: 'none' }, cost_status: 'unmetered' });
});

test('a request that is wrong in its own right does not teach the gateway that the usage option is unknown', async (t) => {
  const bodies: string[] = [];
  const origin = await upstream(t, async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    bodies.push(body);
    if (body.includes('foo')) {
      res.writeHead(400, json).end('{"error":{"message":"Unknown parameter: stream_options.foo"}}');
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.end(
      `data: {"model":"m","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":${JSON.stringify(usage)}}\n\n`,
    );
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const call = (more: object) => post(`${stack.origin}/openai/v1/chat/completions`, ask({ stream: true, ...more }));
  const wrong = await call({ stream_options: { foo: 1 } });
  assert.equal(wrong.statusCode, 400);
  await wrong.body.dump();
  await (await call({})).body.dump();
  const events = await stack.events(3);
  assert.equal(events[2]?.usage.source, 'provider');
});

test('events of compressed answers are in before a shutdown is over', async (t) => {
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(completion(usage)));
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const calls = Array.from({ length: 10 }, () => post(`${stack.origin}/openai/v1/chat/completions`, ask()));
  await Promise.all(calls.map(async (call) => (await call).body.dump()));
  await stack.gateway.close(1000);
  const made = await stack.events(10);
  assert.ok(made.every((event) => event.usage.total_tokens === 18));
});

test('a request that comes while a shutdown waits for another has its grace, too', async (t) => {
  const origin = await upstream(t, (req, res) => {
    req
      .resume()
      .on('end', () =>
        setTimeout(() => res.writeHead(200, json).end(completion(usage)), Number(req.headers['x-wait'])),
      );
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const path = `${stack.origin}/openai/v1/chat/completions`;
  const first = post(path, ask(), { ...json, 'x-wait': '150' });
  const socket = socketTo(stack.origin);
  const body = ask();
  socket.write(
    `POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-wait: 300\r\ncontent-length: ${body.length}\r\n`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = stack.gateway.close(5000);
  socket.write(`\r\n${body}`);
  let text = '';
  for await (const part of socket) text += part;
  assert.match(text, /^HTTP\/1\.1 200 /);
  await (await first).body.dump();
  await closing;
});

test('in drain mode, a client that leaves during a held refusal gets no second attempt', async (t) => {
  let calls = 0;
  const origin = await upstream(t, (_req, res) => {
    calls++;
    res.writeHead(400, json);
    res.write('{"error":{"message":"unknown parameter ');
    setTimeout(() => res.end('stream_options"}}'), 150);
  });
  const stack = await startStack(t, {
    upstreams: { openai: origin },
    host: { onClientAbort: { mode: 'drain', timeMs: 2000, bytes: 1e6, atOnce: 4 } },
  });
  const abort = new AbortController();
  const call = request(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: json,
    body: ask({ stream: true }),
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 60);
  await assert.rejects(call);
  assert.equal((await stack.events(1))[0]?.outcome, 'aborted');
  await stack.noEvent();
  assert.equal(calls, 1);
});

test('in passthrough, the caller is who pays: the key in the header that the provider reads', async (t) => {
  const stack = await startStack(t);
  for (const other of ['one', 'two']) {
    const headers = { ...json, 'x-api-key': 'the-real-key', authorization: `Bearer ${other}` };
    await (await post(`${stack.origin}/anthropic/v1/messages`, '{"model":"claude-sonnet-5"}', headers)).body.dump();
  }
  const [first, second] = await stack.events(2);
  assert.equal(first?.apikey?.clientId, second?.apikey?.clientId);
});

test('a client that leaves before a connection to the provider stands is billed nothing', async (t) => {
  const stack = await startStack(t, {
    upstreams: { openai: 'http://[::ffff:127.0.0.1]:1' },
    host: { timeouts: { connect: 5000, head: 5000, idle: 5000 } },
  });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, ask());
  assert.equal(answer.statusCode, 502);
  await answer.body.dump();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, { cost_status: 'not_billed', usage: { source: 'none' } });
});

test("a dollar budget refuses what has no price, also by a service tier of the client's choosing", async (t) => {
  const budget = keyBudget('d', 'd', { usd: 1_000_000n });
  const stack = await startStack(t, { keys: { k: consumer('d') }, budgets: [budget] });
  const call = (more: object) =>
    post(`${stack.origin}/openai/v1/chat/completions`, ask(more), { ...json, authorization: 'Bearer k' });
  const unpriced = await call({ model: 'no-such-model' });
  assert.equal(unpriced.statusCode, 403);
  assert.match(await unpriced.body.text(), /not_priced/);
  assert.equal((await call({ model: 'gpt-5-nano', service_tier: 'priority' })).statusCode, 403);
  assert.equal((await call({})).statusCode, 200);
});

for (const encoding of ['GZIP', 'identity, gzip', 'gzip, gzip']) {
  test(`an answer with content-encoding ${encoding} is read`, async (t) => {
    const once = gzipSync(completion(usage));
    const origin = await upstream(t, (_req, res) => {
      res
        .writeHead(200, { ...json, 'content-encoding': encoding })
        .end(encoding === 'gzip, gzip' ? gzipSync(once) : once);
    });
    const stack = await startStack(t, { upstreams: { openai: origin } });
    const answer = await post(`${stack.origin}/openai/v1/chat/completions`, ask());
    await answer.body.dump();
    assert.equal((await stack.events(1))[0]?.usage.total_tokens, 18);
  });
}

test('a client that stops reading for good is let go, and its call is over', async (t) => {
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const block = `data: {"model":"m","choices":[{"delta":{"content":"${'x'.repeat(4000)}"},"finish_reason":null}]}\n\n`;
    const more = (): void => {
      while (!res.destroyed && res.write(block));
    };
    res.on('drain', more);
    more();
  });
  const stack = await startStack(t, {
    upstreams: { openai: origin },
    host: { timeouts: { connect: 1000, head: 1000, idle: 300 } },
  });
  const socket = socketTo(stack.origin);
  t.after(() => socket.destroy());
  const body = ask({ stream: true, stream_options: { include_usage: true } });
  socket.write(`POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  socket.pause();
  const [event] = await stack.events(1);
  assert.equal(event?.outcome, 'aborted');
});

test('a long frame of a stream that we asked for usage is passed on at once, and read', async (t) => {
  const text = 'word '.repeat(40_000);
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.end(
      `data: {"model":"m","choices":[{"delta":{"content":"${text}"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
    );
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, ask({ stream: true }));
  assert.ok((await answer.body.text()).includes(text));
  assert.equal((await stack.events(1))[0]?.usage.generation_tokens, text.length / 4);
});

test('a redirect is no success, and nothing is billed for it', async (t) => {
  const origin = await upstream(t, (_req, res) =>
    res.writeHead(307, { ...json, location: '/elsewhere' }).end('{"ok":true}'),
  );
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, ask());
  assert.equal(answer.statusCode, 307);
  await answer.body.dump();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, { outcome: 'error', error: { type: 'redirect' }, cost_status: 'not_billed' });
});

test('a key that stands twice in the query, or under another name, reaches no provider', async (t) => {
  let url = '';
  const origin = await upstream(t, (req, res) => {
    url = req.url ?? '';
    res.end('{}');
  });
  const stack = await startStack(t, { upstreams: { openai: origin }, keys: { k: consumer('a') } });
  await (await post(`${stack.origin}/openai/v1/chat/completions?key=k&a=1&key=k&api_key=k`, ask())).body.dump();
  assert.equal(url, '/v1/chat/completions?a=1');
});

test("an aborted call's input is estimated over all text of the request, not the messages alone", async (t) => {
  const stack = await startStack(t);
  const abort = new AbortController();
  const body = JSON.stringify({ model: 'gpt-4o', input: 'hi', instructions: 'word '.repeat(1600) });
  const call = request(`${stack.origin}/openai/v1/responses`, {
    method: 'POST',
    headers: { ...json, 'x-simulate': '{"delay_ms":2000}' },
    body,
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 80);
  await assert.rejects(call);
  const [event] = await stack.events(1);
  assert.ok((event?.usage.prompt_tokens ?? 0) > 1600, String(event?.usage.prompt_tokens));
});

test('usage at the edge of what a number can hold is marked, and the event stands', async (t) => {
  const most = Number.MAX_SAFE_INTEGER;
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, json).end(completion({ prompt_tokens: most, completion_tokens: most }));
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  await (await post(`${stack.origin}/openai/v1/chat/completions`, ask())).body.dump();
  assert.partialDeepStrictEqual((await stack.events(1))[0], { usage: { total_tokens: null, check: 'invalid' } });
});
