import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { keyBudget } from '../support/budgets.ts';
import { consumer, nobody, startStack, upstream } from '../support/stack.ts';

const chat = (extra: object = {}) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'name three rivers' }], ...extra });
const json = { 'content-type': 'application/json' };
const simulate = (how: object) => ({ ...json, 'x-simulate': JSON.stringify(how) });
const post = (url: string, body: string | Buffer, headers: Record<string, string> = json) =>
  request(url, { method: 'POST', body, headers });
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

test("a plain call gives the client the provider's bytes, and one priced event", async (t) => {
  const stack = await startStack(t);
  const body = JSON.stringify(
    {
      id: 'x',
      model: 'gpt-4o-mini-2024-07-18',
      choices: [{ message: { content: 'Loire' }, finish_reason: 'stop' }],
      usage,
    },
    null,
    1,
  );
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, chat(), simulate({ body }));
  assert.equal(answer.statusCode, 200);
  assert.equal(await answer.body.text(), body);
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'success',
    provider: 'openai',
    provider_kind: 'openai',
    request_model: 'gpt-4o-mini',
    consumed_using: 'chat/completion/blocking',
    status_code: 200,
    stream: false,
    attempt: { number: 1, of: 1 },
    usage: { prompt_tokens: 11, generation_tokens: 7, total_tokens: 18, source: 'provider', check: 'ok' },
    cost_status: 'priced',
    // gpt-4o-mini: 0.15 and 0.60 USD per million tokens.
    costs: { input_cost: 0.00000165, output_cost: 0.0000042, total_cost: 0.00000585 },
  });
});

test('usage that the client did not ask for is asked for, counted, and hidden from it', async (t) => {
  const stack = await startStack(t);
  const how = simulate({ usage, chunks: 5 });
  const body = chat({ stream: true, stream_options: { include_obfuscation: false } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, body, how);
  const text = await answer.body.text();
  assert.ok(text.endsWith('data: [DONE]\n\n'));
  assert.doesNotMatch(text, /"choices":\[\]/);
  assert.doesNotMatch(text, /"prompt_tokens"/);
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'success',
    stream: true,
    usage: { prompt_tokens: 11, generation_tokens: 7, source: 'provider' },
    finish_reasons: ['stop'],
  });
  assert.ok((event?.time_to_first_token ?? -1) >= 0);
});

test('other sub-options of stream_options reach the provider, and every other byte of the request', async (t) => {
  let seen = '';
  const origin = await upstream(t, async (req, res) => {
    for await (const part of req) seen += part;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.end('data: [DONE]\n\n');
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const body =
    '{"model":"m", "seed":9007199254740993,"stream":true,\n "stream_options":{"include_usage":false,"include_obfuscation":true}}';
  await (await post(`${stack.origin}/openai/v1/chat/completions`, body)).body.dump();
  assert.equal(
    seen,
    '{"model":"m", "seed":9007199254740993,"stream":true,\n "stream_options":{"include_usage":true,"include_obfuscation":true}}',
  );
});

test('a client that asks for usage itself gets every byte', async (t) => {
  const stack = await startStack(t);
  const body = chat({ stream: true, stream_options: { include_usage: true } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, body, simulate({ usage, chunks: 3 }));
  assert.match(await answer.body.text(), /"choices":\[\],"usage":\{"prompt_tokens":11/);
  const [event] = await stack.events(1);
  assert.equal(event?.usage.prompt_tokens, 11);
});

test('a provider that does not know the usage option is asked again without it, and remembered', async (t) => {
  const bodies: string[] = [];
  const origin = await upstream(t, async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    bodies.push(body);
    if (body.includes('stream_options')) {
      res.writeHead(400, json);
      res.end(
        JSON.stringify({
          error: { message: 'Unrecognized request argument supplied: stream_options', type: 'invalid_request_error' },
        }),
      );
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.end(
      'data: {"model":"m","choices":[{"delta":{"content":"hi there"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    );
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const first = await post(`${stack.origin}/openai/v1/chat/completions`, chat({ stream: true }));
  assert.equal(first.statusCode, 200);
  assert.match(await first.body.text(), /hi there/);
  const [rejected, answered] = await stack.events(2);
  assert.partialDeepStrictEqual(rejected, {
    attempt: { number: 1, of: 2 },
    outcome: 'error',
    status_code: 400,
    error: { type: 'usage_option_rejected' },
    cost_status: 'not_billed',
    events: [{ name: 'stream_usage_added' }, { name: 'stream_usage_rejected' }],
  });
  assert.partialDeepStrictEqual(answered, {
    attempt: { number: 2 },
    events: [{ name: 'sent_again', attributes: { without: 'stream_options' } }],
    outcome: 'success',
    usage: { source: 'estimated', generation_tokens: 2 },
  });
  assert.equal(rejected?.request_id, answered?.request_id);
  await (await post(`${stack.origin}/openai/v1/chat/completions`, chat({ stream: true }))).body.dump();
  assert.equal(bodies.length, 3, 'the third request went out without the option at once');
  await stack.events(1);
});

test('a client that leaves mid-stream ends the upstream call, and what came is billed as partial', async (t) => {
  let closed: Promise<unknown> = Promise.resolve();
  const origin = await upstream(t, (_req, res) => {
    closed = once(res, 'close');
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => {
      res.write(
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"0123456789abcdef"}}\n\n',
      );
    }, 2);
    res.on('close', () => clearInterval(timer));
    res.write(
      'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-sonnet-4-5","usage":{"input_tokens":45,"output_tokens":1}}}\n\n',
    );
  });
  const stack = await startStack(t, { upstreams: { anthropic: origin } });
  const answer = await post(
    `${stack.origin}/anthropic/v1/messages`,
    JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 500, stream: true, messages: [] }),
  );
  let chunks = 0;
  for await (const _ of answer.body) if (++chunks === 5) break;
  answer.body.destroy();
  await closed;
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    cost_status: 'priced',
    usage: { prompt_tokens: 45, source: 'partial' },
    error: { type: 'client_disconnected' },
  });
  assert.ok((event?.usage.generation_tokens ?? 0) >= 8, 'at least what was seen');
});

test('a client that leaves before the first byte makes one aborted event', async (t) => {
  const stack = await startStack(t);
  const abort = new AbortController();
  const call = request(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    body: chat(),
    headers: simulate({ delay_ms: 3000 }),
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 60);
  await assert.rejects(call);
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, { outcome: 'aborted', status_code: null, usage: { source: 'estimated' } });
  await stack.noEvent();
});

test('with drain, a stream whose client left is read to its usage', async (t) => {
  const stack = await startStack(t, {
    host: { onClientAbort: { mode: 'drain', timeMs: 5000, bytes: 1e6, atOnce: 4 } },
  });
  const answer = await post(
    `${stack.origin}/openai/v1/chat/completions`,
    chat({ stream: true }),
    simulate({ usage, chunks: 20, chunk_delay_ms: 5 }),
  );
  for await (const _ of answer.body) break;
  answer.body.destroy();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    usage: { prompt_tokens: 11, generation_tokens: 7, source: 'provider' },
  });
  assert.deepEqual(
    event?.events.map(({ name }) => name),
    ['stream_usage_added', 'drain'],
  );
});

test('a drain is bounded in time and in bytes', async (t) => {
  for (const bound of [{ timeMs: 100 }, { bytes: 2000 }]) {
    const stack = await startStack(t, {
      host: { onClientAbort: { mode: 'drain', timeMs: 5000, bytes: 1e6, atOnce: 4, ...bound } },
    });
    const answer = await post(
      `${stack.origin}/openai/v1/chat/completions`,
      chat({ stream: true }),
      simulate({ usage, chunks: 400, chunk_delay_ms: 20 }),
    );
    for await (const _ of answer.body) break;
    answer.body.destroy();
    const [event] = await stack.events(1);
    assert.partialDeepStrictEqual(event, { outcome: 'aborted', usage: { source: 'estimated' } });
    assert.deepEqual(
      event?.events.map(({ name }) => name),
      ['stream_usage_added', 'drain', 'cut'],
    );
  }
});

test("a provider's error passes through unchanged and is one unbilled event", async (t) => {
  const stack = await startStack(t);
  const answer = await post(
    `${stack.origin}/anthropic/v1/messages`,
    JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }),
    simulate({ status: 529 }),
  );
  assert.equal(answer.statusCode, 529);
  const body = (await answer.body.json()) as { type: string; error: { type: string } };
  assert.equal(body.type, 'error');
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    status_code: 529,
    error: { type: body.error.type, status: 529, in_stream: false },
    cost_status: 'not_billed',
    usage: { prompt_tokens: null, generation_tokens: null, source: 'none' },
  });
  assert.equal(event?.costs?.total_cost, 0);
});

test('an error event inside a stream of status 200 is an error with the tokens seen', async (t) => {
  const stack = await startStack(t);
  const answer = await post(
    `${stack.origin}/anthropic/v1/messages`,
    JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 500,
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    }),
    simulate({ chunks: 6, error_after_chunks: 3 }),
  );
  await answer.body.dump();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    status_code: 200,
    error: { in_stream: true },
    usage: { source: 'partial' },
  });
});

test("an upstream that breaks off breaks the client's answer off too, and is one event", async (t) => {
  const stack = await startStack(t);
  const answer = await post(
    `${stack.origin}/openai/v1/chat/completions`,
    chat({ stream: true }),
    simulate({ chunks: 10, chunk_delay_ms: 2, cut_after_chunks: 4 }),
  );
  await assert.rejects(answer.body.text());
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    error: { type: 'upstream_reset', in_stream: true },
    usage: { source: 'estimated' },
  });
});

test('a provider that cannot be reached is 502, one that does not answer in time 504', async (t) => {
  const silent = await upstream(t, () => {});
  const stack = await startStack(t, {
    upstreams: { openai: await nobody(), anthropic: silent },
    host: { timeouts: { connect: 500, head: 200, idle: 500 } },
  });
  const refused = await post(`${stack.origin}/openai/v1/chat/completions`, chat());
  assert.equal(refused.statusCode, 502);
  assert.match(await refused.body.text(), /cannot be reached/);
  const late = await post(`${stack.origin}/anthropic/v1/messages`, '{"model":"m","messages":[]}');
  assert.equal(late.statusCode, 504);
  await late.body.dump();
  const [unreachable, timeout] = await stack.events(2);
  assert.partialDeepStrictEqual(unreachable, {
    outcome: 'error',
    error: { type: 'upstream_unreachable' },
    cost_status: 'not_billed',
  });
  assert.partialDeepStrictEqual(timeout, { outcome: 'timeout', error: { type: 'upstream_timeout' } });
});

test('an unknown prefix is 404 with a hint, and no event', async (t) => {
  const stack = await startStack(t);
  const answer = await post(`${stack.origin}/mistrall/v1/chat/completions`, chat());
  assert.equal(answer.statusCode, 404);
  assert.match(await answer.body.text(), /No provider has the prefix \\"mistrall\\".*openai, anthropic.*\/openai\/v1/);
  await stack.noEvent();
});

test("a wrong consumer key is 401 in the provider's own shape, and one blocked event", async (t) => {
  const stack = await startStack(t, { keys: { 'good-key': consumer('a') } });
  const openai = await post(`${stack.origin}/openai/v1/chat/completions`, chat(), {
    ...json,
    authorization: 'Bearer bad-key',
  });
  assert.equal(openai.statusCode, 401);
  assert.partialDeepStrictEqual(await openai.body.json(), {
    error: { code: 'invalid_api_key', type: 'invalid_request_error' },
  });
  const anthropic = await post(`${stack.origin}/anthropic/v1/messages`, '{}', { ...json, 'x-api-key': 'bad-key' });
  assert.equal(anthropic.statusCode, 401);
  assert.partialDeepStrictEqual(await anthropic.body.json(), {
    type: 'error',
    error: { type: 'authentication_error' },
  });
  const [event] = await stack.events(2);
  assert.partialDeepStrictEqual(event, {
    outcome: 'blocked',
    attempt: { number: 0 },
    error: { code: 'invalid_api_key' },
    apikey: null,
  });
});

test("the consumer's key never reaches the provider: ours stands in its place, and our headers are gone", async (t) => {
  let seen: NodeJS.Dict<string | string[]> = {};
  let url = '';
  const origin = await upstream(t, (req, res) => {
    seen = req.headers;
    url = req.url ?? '';
    res.end('{}');
  });
  const stack = await startStack(t, {
    upstreams: { anthropic: origin },
    keys: { 'good-key': consumer('a') },
    credential: 'provider-key',
  });
  const headers = {
    ...json,
    authorization: 'Bearer good-key',
    'x-llm-audit-user': 'u1',
    'x-llm-audit-session': 's1',
    'anthropic-version': '2023-06-01',
  };
  await (await post(`${stack.origin}/anthropic/v1/messages?key=abc&beta=true`, '{"model":"m"}', headers)).body.dump();
  assert.equal(seen['x-api-key'], 'provider-key');
  assert.equal(seen['anthropic-version'], '2023-06-01');
  assert.equal(seen.authorization, undefined);
  assert.equal(seen['x-llm-audit-user'], undefined);
  assert.equal(url, '/v1/messages?beta=true');
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    apikey: { clientId: 'a', clientName: 'A', metadata: { team: 'a' } },
    user: { id: 'u1', source: 'header' },
    session: { id: 's1' },
  });
  assert.doesNotMatch(JSON.stringify(event), /good-key|provider-key/);
});

test("a body over the limit is 413 in the provider's shape, and one blocked event", async (t) => {
  const stack = await startStack(t);
  // Fetch reads the answer only after it has sent its whole body, as most clients do.
  const answer = await fetch(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    body: new Blob(['x'.repeat(20 * 1024 * 1024)]).stream(),
    duplex: 'half',
  });
  assert.equal(answer.status, 413);
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, { outcome: 'blocked', status_code: 413, error: { code: 'body_too_large' } });
});

test('malformed JSON goes to the provider as it is, and is audited', async (t) => {
  const stack = await startStack(t);
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, '{"model": ');
  assert.equal(answer.statusCode, 400);
  await answer.body.dump();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    status_code: 400,
    request_model: null,
    usage: { source: 'none' },
    cost_status: 'not_billed',
  });
});

test('a spent budget refuses before the call with 429, and malformed or unknown spending is refused under a budget', async (t) => {
  const budget = keyBudget('b', 'b', { tokens: 30 }, { name: 'Team B' });
  const stack = await startStack(t, { keys: { k: consumer('b') }, budgets: [budget] });
  const headers = { ...simulate({ usage }), authorization: 'Bearer k' };
  const call = (body = chat(), path = '/v1/chat/completions') => post(`${stack.origin}/openai${path}`, body, headers);
  assert.equal((await call('{"broken')).statusCode, 400);
  assert.equal((await call('{}', '/v1/unheard/of')).statusCode, 403);
  const codes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const answer = await call();
    codes.push(answer.statusCode);
    await answer.body.dump();
  }
  assert.deepEqual(codes, [200, 200, 429, 429], '2 x 18 tokens pass 30: the third call finds it spent');
  const events = await stack.events(6);
  assert.partialDeepStrictEqual(events[2]?.budgets[0], {
    budget_id: 'b',
    decision: 'allowed',
    before: { tokens: 0 },
    this_call: { tokens: 18 },
    after: { tokens: 18 },
    exceeded: false,
  });
  assert.partialDeepStrictEqual(events[4], {
    outcome: 'blocked',
    attempt: { number: 0 },
    status_code: 429,
    error: { code: 'budget_exceeded' },
    cost_status: 'not_billed',
  });
  assert.partialDeepStrictEqual(events[4]?.budgets[0], {
    decision: 'blocked',
    after: { tokens: 36 },
    exceeded: true,
    consumption: { remaining_total_tokens: -6 },
  });
});

test('a dollar budget counts exact costs', async (t) => {
  const budget = keyBudget('d', 'd', { usd: 11_700_000n });
  const stack = await startStack(t, { keys: { k: consumer('d') }, budgets: [budget] });
  const headers = { ...simulate({ usage }), authorization: 'Bearer k' };
  const codes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = await post(`${stack.origin}/openai/v1/chat/completions`, chat(), headers);
    codes.push(answer.statusCode);
    await answer.body.dump();
  }
  assert.deepEqual(codes, [200, 200, 429], 'twice 0.00000585 is the limit of 0.0000117 to the last digit');
});

test('with a full spool that refuses calls, a call that may spend is 503 and a free one passes', async (t) => {
  const stack = await startStack(t, { settings: { isFull: () => true } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, chat());
  assert.equal(answer.statusCode, 503);
  assert.match(await answer.body.text(), /spool_full/);
  assert.equal((await request(`${stack.origin}/openai/v1/models`)).statusCode, 200);
  await stack.noEvent();
});

test('free calls pass through and make no event', async (t) => {
  const stack = await startStack(t);
  const models = await request(`${stack.origin}/openai/v1/models`);
  assert.equal(models.statusCode, 200);
  await models.body.dump();
  const counted = await post(
    `${stack.origin}/anthropic/v1/messages/count_tokens`,
    JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'x' }] }),
  );
  assert.equal(counted.statusCode, 200);
  await counted.body.dump();
  await stack.noEvent();
});

test('no spelling of a path slips past the meter', async (t) => {
  const stack = await startStack(t);
  for (const path of [
    '/v1/chat/completions/',
    '/v1//chat/completions',
    '/v1/chat/%63ompletions',
    '/v1/chat/completions?x=1',
  ]) {
    const answer = await post(`${stack.origin}/openai${path}`, chat(), simulate({ usage }));
    assert.equal(answer.statusCode, 200, path);
    await answer.body.dump();
    const [event] = await stack.events(1);
    assert.equal(event?.usage.total_tokens, 18, path);
  }
  const socket = connect(Number(new URL(stack.origin).port), '127.0.0.1');
  socket.end(
    'POST /openai/v1/models/../chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}',
  );
  let text = '';
  for await (const part of socket) text += part;
  assert.match(text, /^HTTP\/1\.1 400 /);
});

test('a compressed answer passes through compressed and is read all the same', async (t) => {
  const stack = await startStack(t);
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, chat(), {
    ...simulate({ usage, gzip: true }),
    'accept-encoding': 'gzip',
  });
  assert.equal(answer.headers['content-encoding'], 'gzip');
  await answer.body.dump();
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, { outcome: 'success', usage: { prompt_tokens: 11, source: 'provider' } });
});

test('a compression bomb is passed on, and cut off in the reading', async (t) => {
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, '{"a":"'));
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, { ...json, 'content-encoding': 'gzip' });
    res.end(bomb);
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const answer = await post(`${stack.origin}/openai/v1/chat/completions`, chat());
  assert.equal((await answer.body.arrayBuffer()).byteLength, bomb.length);
  const [event] = await stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'success',
    usage: { source: 'none' },
    cost_status: 'unmetered',
    costs: null,
  });
});

test('an upgrade is answered 501 with a hint', async (t) => {
  const stack = await startStack(t);
  const socket = connect(Number(new URL(stack.origin).port), '127.0.0.1');
  socket.write('GET /openai/v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
  let text = '';
  for await (const part of socket) text += part;
  assert.match(text, /^HTTP\/1\.1 501 [\s\S]*use the HTTP API/);
});

test('a slow client slows the upstream, and nothing piles up in the gateway', async (t) => {
  let sent = 0;
  const origin = await upstream(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/octet-stream' });
    const block = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (sent < 64 * 1024 * 1024) {
        sent += block.length;
        if (!res.write(block)) return void res.once('drain', more);
      }
      res.end();
    };
    more();
  });
  const stack = await startStack(t, { upstreams: { openai: origin } });
  const answer = await request(`${stack.origin}/openai/v1/files/f/content`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were taken from the provider while the client read none`);
  let got = 0;
  for await (const part of answer.body) got += (part as Buffer).length;
  assert.equal(got, 64 * 1024 * 1024);
});

test('health and readiness answer, and closing lets a running stream end', async (t) => {
  const stack = await startStack(t);
  assert.equal((await request(`${stack.origin}/healthz`)).statusCode, 200);
  assert.equal((await request(`${stack.origin}/readyz`)).statusCode, 200);
  const answer = await post(
    `${stack.origin}/openai/v1/chat/completions`,
    chat({ stream: true }),
    simulate({ chunks: 20, chunk_delay_ms: 10 }),
  );
  const closing = stack.gateway.close(5000);
  assert.match(await answer.body.text(), /\[DONE\]/);
  await closing;
  assert.equal((await stack.events(1))[0]?.outcome, 'success');
  await assert.rejects(request(`${stack.origin}/healthz`));
});
