/** The official clients with an audited `fetch`: they see what they see without it, and the events are those of the node host. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import { Hono } from 'hono';
import OpenAI from 'openai';
import { audit, type FetchOptions } from '../../plugins/hosts/fetch/index.ts';
import { openBook } from '../../plugins/pricing/book.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { startSimulator } from '../../simulator/server.ts';
import { keyBudget } from '../support/budgets.ts';
import { consumer, nobody, type StackOptions, startStack, testSettings, upstream } from '../support/stack.ts';

const simulate = (how: object) => ({ headers: { 'x-simulate': JSON.stringify(how) } });
const question = [{ role: 'user' as const, content: 'Name three rivers.' }];
const chat = { model: 'gpt-4o-mini', messages: question };
const messages = { model: 'claude-sonnet-5', max_tokens: 200, messages: question };

interface Clients {
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
}

/** An audited `fetch` in front of a simulator, with its events and the bytes that came from the network at hand. */
const audited = async (t: TestContext, more: Partial<FetchOptions> = {}, options: StackOptions = {}) => {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const made: LLMUsageAudit[] = [];
  // Its own platform: the one that runs everywhere.
  const { acceptor, platform: _, ...settings } = testSettings((event) => made.push(event), options);
  const sent: Promise<string>[] = [];
  const ordinary: FetchOptions = {
    ...settings,
    accept: acceptor,
    secret: Buffer.alloc(32, 7),
    providers: [
      { kind: 'openai', baseUrl: `${simulator.origin}/` },
      { kind: 'anthropic', baseUrl: `${simulator.origin}/anthropic` },
    ],
    fetch: keeping(sent, withoutPrefix),
  };
  const fetched = audit.fetch(Object.defineProperties(ordinary, Object.getOwnPropertyDescriptors(more)));
  const seen: Promise<string>[] = [];
  return {
    simulator,
    made,
    fetched,
    ...clientsOf(simulator.origin, '', keeping(seen, fetched)),
    events: async () => {
      await fetched.settled();
      return made.splice(0);
    },
    bytes: async () => ({ sent: await Promise.all(sent), seen: await Promise.all(seen) }),
  };
};

/** The simulator has one port for both vendors. */
const withoutPrefix: typeof fetch = (input, init) =>
  input instanceof Request
    ? fetch(new Request(input.url.replace('/anthropic/', '/'), input), init)
    : fetch(input, init);

const keeping =
  (kept: Promise<string>[], send: typeof fetch): typeof fetch =>
  async (input, init) => {
    const answer = await send(input, init);
    if (!answer.body) return answer;
    const [a, b] = answer.body.tee();
    kept.push(new Response(b).arrayBuffer().then((bytes) => Buffer.from(bytes).toString('latin1'), String));
    return new Response(a, { status: answer.status, headers: answer.headers });
  };

const clientsOf = (origin: string, openai: string, fetching: typeof fetch, apiKey = 'provider-key'): Clients => {
  const options = { apiKey, maxRetries: 0, fetch: fetching };
  return {
    openai: new OpenAI({ ...options, baseURL: `${origin}${openai}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: `${origin}/anthropic` }),
  };
};

const drained = async (stream: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of stream);
};

/** Every kind of exchange that the two SDKs make here, each to its end. */
const calls: Record<string, (clients: Clients) => Promise<unknown>> = {
  'chat, plain': ({ openai }) => openai.chat.completions.create(chat),
  'chat, streamed, usage not asked for': async ({ openai }) =>
    drained(await openai.chat.completions.create({ ...chat, stream: true })),
  'chat, streamed with usage': async ({ openai }) =>
    drained(await openai.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } })),
  'responses, plain': ({ openai }) => openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.' }),
  'responses, streamed': async ({ openai }) =>
    drained(await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.', stream: true })),
  'messages, plain': ({ anthropic }) => anthropic.messages.create(messages),
  'messages, streamed': ({ anthropic }) => anthropic.messages.stream(messages).finalMessage(),
  'who asks': ({ openai }) =>
    openai.chat.completions.create({ ...chat, user: 'u-1' }, { headers: { 'x-llm-audit-session': 's-1' } }),
  'chat, 429': ({ openai }) => openai.chat.completions.create(chat, simulate({ status: 429 })).catch(() => {}),
  'chat, 500': ({ openai }) => openai.chat.completions.create(chat, simulate({ status: 500 })).catch(() => {}),
  'messages, 400': ({ anthropic }) => anthropic.messages.create(messages, simulate({ status: 400 })).catch(() => {}),
  'messages, 529': ({ anthropic }) => anthropic.messages.create(messages, simulate({ status: 529 })).catch(() => {}),
  'an error inside a stream': async ({ anthropic }) =>
    anthropic.messages
      .stream(messages, simulate({ error_after_chunks: 3 }))
      .finalMessage()
      .catch(() => {}),
};

/** Less what tells the time, the host, or a random id. */
const hostless = (event: LLMUsageAudit) => {
  const {
    '@id': _id,
    '@timestamp': _at,
    request_id: _request,
    duration: _d,
    upstream_duration: _u,
    gateway_overhead: _g,
    time_to_first_token: _t,
    time_per_output_token: _p,
    client: _c,
    provider_details: { base_host: _b, ...provider_details },
    stream_stats,
    events,
    impacts,
    ...rest
  } = event;
  return {
    ...rest,
    provider_details,
    // How the network cut the bytes is chance.
    stream_stats: stream_stats && { frames: stream_stats.frames, bytes: stream_stats.bytes },
    events: events.map(({ name, attributes }) => ({ name, attributes })),
    // The footprint is bounded by the time that the provider took.
    impacts: impacts === null,
  };
};

test('the events of the official clients are those of the node host, and every byte reaches the client', async (t) => {
  const here = await audited(t);
  const stack = await startStack(t);
  const there = clientsOf(stack.origin, '/openai', fetch);
  for (const [name, call] of Object.entries(calls)) {
    await call(here);
    const made = await here.events();
    await call(there);
    const expected = await stack.events(made.length || 1);
    assert.deepEqual(made.map(hostless), expected.map(hostless), name);
  }
  await stack.noEvent();
  const { sent, seen } = await here.bytes();
  assert.equal(seen.length, Object.keys(calls).length);
  const hidden = sent.map((text, index) => (index === 1 ? withoutUsageFrame(text) : text));
  assert.deepEqual(seen, hidden);
});

const withoutUsageFrame = (text: string): string =>
  text
    .split(/(?<=\n\n)/)
    .filter((frame) => !/"choices":\[\]/.test(frame))
    .join('');

test('an aborted stream is one aborted event, whoever aborts it and however', async (t) => {
  const { openai, anthropic, events, fetched, simulator } = await audited(t);
  const slow = simulate({ chunks: 200, chunk_delay_ms: 5 });
  const stream = await openai.chat.completions.create({ ...chat, stream: true }, slow);
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 3) stream.controller.abort();
  const whole = anthropic.messages.stream(messages, slow);
  whole.on('text', () => whole.abort());
  await assert.rejects(whole.finalMessage(), Anthropic.APIUserAbortError);
  const plain = await fetched(`${simulator.origin}/v1/chat/completions`, {
    method: 'POST',
    ...slow,
    body: JSON.stringify({ ...chat, stream: true }),
  });
  await plain.body?.cancel();
  const waiting = openai.chat.completions.create(chat, { ...simulate({ delay_ms: 5000 }), timeout: 50 });
  await assert.rejects(waiting, OpenAI.APIConnectionTimeoutError);
  const made = await events();
  assert.deepEqual(
    made.map(({ outcome, error }) => `${outcome} ${error?.type}`),
    Array(4).fill('aborted client_disconnected'),
  );
  assert.equal(made[1]?.usage.source, 'partial');
});

test('a client that leaves at the last event of a stream has had all of it', async (t) => {
  const { fetched, simulator, events } = await audited(t);
  // Nothing between the SDK and the audit: it cancels the body as soon as it has seen `[DONE]`.
  const { openai } = clientsOf(simulator.origin, '', fetched);
  for (let count = 0; count < 10; count++)
    await drained(await openai.chat.completions.create({ ...chat, stream: true }));
  const outcomes = (await events()).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, Array(10).fill('success'));
});

test('an answer that is dropped unread is an aborted event, once nobody can read it any more', async (t) => {
  const { fetched, simulator, events } = await audited(t, { fetch });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ask = { method: 'POST', body: JSON.stringify({ ...chat, stream: true }) };
  const slow = { 'x-simulate': JSON.stringify({ chunks: 2000, chunk_delay_ms: 5 }) };
  assert.equal((await fetched(`${simulator.origin}/v1/chat/completions`, { ...ask, headers: slow })).status, 200);
  const timer = setInterval(collect, 20);
  t.after(() => clearInterval(timer));
  assert.deepEqual(
    (await events()).map(({ outcome }) => outcome),
    ['aborted'],
  );
});

test('prices are asked for anew at each call', async (t) => {
  let asked = 0;
  const { openai } = await audited(t, {
    get prices() {
      asked++;
      return openBook().book;
    },
  });
  await openai.chat.completions.create(chat);
  const before = asked;
  await openai.chat.completions.create(chat);
  assert.ok(asked > before);
});

test('a stream leaves as it comes: its first piece is there long before its last', async (t) => {
  const { fetched, simulator } = await audited(t, { fetch });
  const answer = await fetched(`${simulator.origin}/v1/chat/completions`, {
    method: 'POST',
    ...simulate({ chunks: 10, chunk_delay_ms: 30 }),
    body: JSON.stringify({ ...chat, stream: true }),
  });
  assert.equal(answer.url, `${simulator.origin}/v1/chat/completions`);
  const times: number[] = [];
  for await (const _ of answer.body ?? []) times.push(performance.now());
  assert.ok(times.length > 5, `${times.length} pieces`);
  assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > 150);
});

test('a provider that cannot be reached, or breaks off, is an error event, and the error is the one of fetch', async (t) => {
  const gone = await nobody();
  const breaking = await upstream(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: {"choices":[{"delta":{"content":"so"}}]}\n\n', () => setTimeout(() => res.destroy(), 20));
  });
  const made: LLMUsageAudit[] = [];
  const fetched = audit.fetch({
    accept: (event) => void made.push(event),
    providers: [gone, breaking].map((baseUrl) => ({ kind: 'openai-compatible', baseUrl })),
  });
  const ask = (origin: string) =>
    fetched(`${origin}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ ...chat, stream: true }) });
  await assert.rejects(ask(gone), { name: 'TypeError', message: 'fetch failed' });
  const answer = await ask(breaking);
  await assert.rejects(answer.text(), { name: 'TypeError', message: 'terminated' });
  await fetched.settled();
  assert.partialDeepStrictEqual(made, [
    { outcome: 'error', status_code: null, error: { type: 'upstream_unreachable', message: 'ECONNREFUSED' } },
    { outcome: 'error', status_code: 200, error: { type: 'upstream_reset', message: 'UND_ERR_SOCKET' } },
  ]);
});

test('a provider that does not know the usage option is asked again without it', async (t) => {
  const bodies: string[] = [];
  const strict = await upstream(t, async (req, res) => {
    const body = (await Array.fromAsync(req)).join('');
    bodies.push(body);
    const refused = body.includes('stream_options');
    res.writeHead(refused ? 400 : 200, { 'content-type': refused ? 'application/json' : 'text/event-stream' });
    res.end(
      refused
        ? '{"error":{"message":"Unrecognized request argument supplied: stream_options","type":"invalid_request_error"}}'
        : 'data: {"id":"x","model":"m","choices":[{"delta":{"content":"so"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    );
  });
  const { fetched, events } = await audited(t, { providers: [{ kind: 'openai-compatible', baseUrl: strict }], fetch });
  const answer = await fetched(`${strict}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...chat, stream: true }),
  });
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /\[DONE\]/);
  assert.equal(bodies.length, 2);
  const attempts = await events();
  assert.deepEqual(
    attempts.map(({ attempt, outcome }) => [attempt.number, outcome]),
    [
      [1, 'error'],
      [2, 'success'],
    ],
  );
});

test('unknown keys and spent budgets raise the exceptions of either SDK, and nothing is sent', async (t) => {
  const options = { keys: { k: consumer('sdk') }, budgets: [keyBudget('b', 'sdk', { tokens: 1 })] };
  const { simulator, fetched, events } = await audited(t, {}, options);
  const stranger = clientsOf(simulator.origin, '', fetched, 'wrong');
  await assert.rejects(stranger.openai.chat.completions.create(chat), OpenAI.AuthenticationError);
  await assert.rejects(stranger.anthropic.messages.create(messages), Anthropic.AuthenticationError);
  assert.equal(simulator.requests(), 0);
  const known = clientsOf(simulator.origin, '', fetched, 'k');
  await known.openai.chat.completions.create(chat);
  await fetched.settled();
  await assert.rejects(known.openai.chat.completions.create(chat), OpenAI.RateLimitError);
  await assert.rejects(known.anthropic.messages.create(messages), Anthropic.RateLimitError);
  assert.equal(simulator.requests(), 1);
  const outcomes = (await events()).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['blocked', 'blocked', 'success', 'blocked', 'blocked']);
});

test('calls to nobody in the vendor table, and free calls, pass through without an event', async (t) => {
  const other = await upstream(t, (req, res) => req.pipe(res));
  const { fetched, openai, events } = await audited(t);
  const options = { method: 'POST', body: 'as it is' };
  assert.equal(await (await fetched(`${other}/v1/chat/completions`, options)).text(), 'as it is');
  await openai.models.list();
  assert.deepEqual(await events(), []);
});

test('a packed answer is read as the network gives it: unpacked', async (t) => {
  const body = '{"id":"c","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}';
  const packing = await upstream(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    res.end(gzipSync(body));
  });
  const { fetched, events } = await audited(t, { providers: [{ kind: 'openai', baseUrl: packing }], fetch });
  const ask = { method: 'POST', body: JSON.stringify(chat) };
  assert.equal(await (await fetched(`${packing}/v1/chat/completions`, ask)).text(), body);
  assert.equal((await events())[0]?.usage.total_tokens, 7);
});

test('an event that finds no hearing is told of, and the call is none the wiser', async (t) => {
  const lost: string[] = [];
  const { openai, fetched } = await audited(t, {
    accept: () => {
      throw new Error('the disk is full');
    },
    onLost: (_record, reason) => lost.push(reason),
  });
  await openai.chat.completions.create(chat);
  await fetched.settled();
  assert.deepEqual(lost, ['the disk is full']);
});

test('a Hono app that proxies to a provider is audited, its streams too, and answers for unknown keys itself', async (t) => {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const made: LLMUsageAudit[] = [];
  const waited: Promise<unknown>[] = [];
  const keys = (key: string) => (key === 'k' ? consumer('app') : null);
  const handler = audit.handler(
    {
      accept: (event) => void made.push(event),
      provider: { kind: 'openai', credential: 'provider-key', baseUrl: simulator.origin },
      basePath: '/llm',
      keys,
      clientIp: () => '192.0.2.7',
    },
    (request: Request, _context: { waitUntil(over: Promise<unknown>): void }) => {
      assert.equal(request.headers.get('authorization'), 'Bearer provider-key');
      return fetch(new Request(request.url.replace(/^.*?\/llm/, simulator.origin), request));
    },
  );
  const app = new Hono();
  app.get('/health', (c) => c.text('ok'));
  app.all('/llm/*', (c) => handler(c.req.raw, { waitUntil: (over) => waited.push(over) }));
  const through: typeof fetch = async (input, init) => app.fetch(new Request(input as string, init));
  const open = (apiKey: string) =>
    new OpenAI({ apiKey, maxRetries: 0, baseURL: 'http://app.test/llm/v1', fetch: through });
  const openai = open('k');
  const answer = await openai.chat.completions.create(chat);
  await drained(await openai.chat.completions.create({ ...chat, stream: true }));
  await handler.settled();
  await assert.rejects(open('wrong').chat.completions.create(chat), OpenAI.AuthenticationError);
  assert.equal(await (await through('http://app.test/health')).text(), 'ok');
  await handler.settled();
  await Promise.all(waited);
  assert.equal(waited.length, 2);
  assert.deepEqual(
    made.map(({ outcome, apikey, client }) => [outcome, apikey?.clientId ?? null, client.ip]),
    [
      ['success', 'app', '192.0.2.0'],
      ['success', 'app', '192.0.2.0'],
      ['blocked', null, '192.0.2.0'],
    ],
  );
  assert.equal(made[0]?.usage.total_tokens, answer.usage?.total_tokens);
  assert.equal(made[1]?.usage.source, 'provider');
});

test('a client of a real server that leaves is an aborted event of the handler', async (t) => {
  const made: LLMUsageAudit[] = [];
  const handler = audit.handler(
    { accept: (event) => void made.push(event), provider: { kind: 'openai' } },
    () =>
      new Response(
        new ReadableStream({
          pull: async (controller) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(Buffer.from('data: {"choices":[{"delta":{"content":"so"}}]}\n\n'));
          },
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      ),
  );
  const server = createServer(async (req, res) => {
    const body = Buffer.concat(await Array.fromAsync(req));
    const answer = await handler(new Request(`http://app.test${req.url}`, { method: 'POST', body }));
    const reader = answer.body?.getReader();
    res.on('close', () => void reader?.cancel());
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) res.write(piece.value);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const openai = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${origin}/v1` });
  for await (const _ of await openai.chat.completions.create({ ...chat, stream: true })) break;
  const deadline = Date.now() + 5_000;
  while (made.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(made[0]?.outcome, 'aborted');
});
