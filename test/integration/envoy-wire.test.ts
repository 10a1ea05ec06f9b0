/** Ways in which requests and answers can pass through Envoy: inline, with trailers, sent again, in part, by HTTP/2. */
import assert from 'node:assert/strict';
import { connect, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import OpenAI from 'openai';
import { keyBudget } from '../support/budgets.ts';
import {
  chat,
  documented,
  filtersOf,
  read,
  simulate,
  streamed,
  tapped,
  virtualHostOf,
  wired,
} from '../support/envoy-clients.ts';
import type { Bootstrap } from '../support/envoy-stack.ts';
import { upstream } from '../support/stack.ts';

/** An answer as OpenAI gives it, with figures. */
const answered = JSON.stringify({
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Rhine' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 },
});

test('inline: every byte but the usage frame that the client did not ask for', async (t) => {
  const tap = await tapped(t);
  const stack = await wired(t, {
    upstreams: tap.upstreams,
    budgets: [keyBudget('large', 'sdk', { tokens: 1_000_000 })],
    settings: { budgetHeaders: true },
    change: (bootstrap) => filtersOf(bootstrap).splice(0, 2, documented('llm-audit.inline')),
  });
  if (stack === null) return;
  const plain = await stack.openai.chat.completions.create(chat).withResponse();
  assert.ok(plain.response.headers.has('x-llm-audit-budget-remaining'));
  for await (const chunk of await stack.openai.chat.completions.create({ ...chat, stream: true }))
    assert.equal(chunk.choices.length, 1, 'no chunk without a choice');
  await read(await stack.openai.chat.completions.create(streamed));
  const events = await stack.stack.events(3);
  assert.deepEqual(
    events.map(({ outcome, usage }) => [outcome, usage.source]),
    Array(3).fill(['success', 'provider']),
  );
  const hidden = tap.sent[1]?.split(/(?<=\n\n)/).filter((frame) => !/"choices":\[\]/.test(frame));
  assert.equal(tap.sent[1]?.split(/(?<=\n\n)/).length, (hidden?.length ?? 0) + 1);
  assert.deepEqual(stack.seen, [tap.sent[0], hidden?.join(''), tap.sent[2]]);

  const long = await stack.openai.chat.completions.create(
    { ...chat, stream: true },
    simulate({ chunks: 200, chunk_delay_ms: 20 }),
  );
  for await (const _ of long) break;
  await assert.rejects(async () =>
    read(await stack.openai.chat.completions.create(streamed, simulate({ chunks: 20, cut_after_chunks: 5 }))),
  );
  const broken = await stack.stack.events(2);
  assert.deepEqual(new Set(broken.map(({ error }) => error?.type)), new Set(['client_disconnected', 'upstream_reset']));
});

test('a filter that cannot name its role gets the configured one; without, calls pass and are counted', async (t) => {
  const nameless = (bootstrap: Bootstrap): void => {
    const filter = documented('llm-audit.inline');
    delete filter.typed_config.grpc_service.initial_metadata;
    filtersOf(bootstrap).splice(0, 2, filter);
  };
  const named = await wired(t, { change: nameless, role: 'inline' });
  if (named === null) return;
  await named.openai.chat.completions.create(chat);
  const [event] = await named.stack.events(1);
  assert.equal(event?.usage.source, 'provider');
  const refused = await wired(t, { change: nameless });
  await refused?.openai.chat.completions.create(chat, { headers: { 'x-simulate': '{}' } });
  assert.equal(await refused?.stack.envoy.stat('http.llm.ext_proc.failure_mode_allowed'), 1);
});

test('an answer that ends with trailers is whole, watched and inline', async (t) => {
  const trailing = await upstream(t, (req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json', trailer: 'x-checksum' });
    res.write(answered);
    res.addTrailers({ 'x-checksum': '1' });
    res.end();
  });
  for (const inline of [false, true]) {
    const stack = await wired(t, {
      upstreams: { openai: trailing, anthropic: trailing },
      change: (bootstrap) => {
        bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_protocol_options = {
          enable_trailers: true,
        };
        const options = { enable_trailers: true };
        for (const cluster of bootstrap.static_resources.clusters) {
          if (cluster.name !== 'llm-audit')
            cluster.typed_extension_protocol_options = {
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
                explicit_http_config: { http_protocol_options: options },
              },
            };
        }
        if (inline) filtersOf(bootstrap).splice(0, 2, documented('llm-audit.inline'));
      },
    });
    if (stack === null) return;
    const answer = await stack.openai.chat.completions.create(chat);
    assert.equal(answer.usage?.total_tokens, 8);
    const [event] = await stack.stack.events(1);
    assert.partialDeepStrictEqual(event, { outcome: 'success', usage: { source: 'provider', total_tokens: 8 } });
  }
});

test('what Envoy sends again is one event, of the answer that came', async (t) => {
  let asked = 0;
  const flaky = await upstream(t, (req, res) => {
    req.resume();
    if (++asked === 1) res.writeHead(503).end('busy');
    else res.writeHead(200, { 'content-type': 'application/json' }).end(answered);
  });
  const stack = await wired(t, {
    upstreams: { openai: flaky, anthropic: flaky },
    change: (bootstrap) => {
      virtualHostOf(bootstrap).retry_policy = { retry_on: '5xx', num_retries: 2 };
    },
  });
  if (stack === null) return;
  await stack.openai.chat.completions.create(chat);
  const [event] = await stack.stack.events(1);
  assert.equal(asked, 2);
  assert.partialDeepStrictEqual(event, { outcome: 'success', attempt: { number: 1, of: 1 } });
  assert.equal(stack.stack.counts.of.decided, 1);
});

test('a body that is held back only in part passes whole and unread; under a budget it is refused', async (t) => {
  const tap = await tapped(t);
  const partly = (bootstrap: Bootstrap): void => {
    filtersOf(bootstrap)[0].typed_config.processing_mode.request_body_mode = 'BUFFERED_PARTIAL';
    virtualHostOf(bootstrap).request_body_buffer_limit = 65_536;
    bootstrap.static_resources.listeners[0].per_connection_buffer_limit_bytes = 65_536;
  };
  const stack = await wired(t, { upstreams: tap.upstreams, change: partly });
  if (stack === null) return;
  const long = { ...chat, messages: [{ role: 'user' as const, content: 'river '.repeat(200_000) }] };
  await stack.openai.chat.completions.create(long);
  const [event] = await stack.stack.events(1);
  assert.deepEqual(JSON.parse(tap.asked[0]?.body ?? ''), long);
  assert.partialDeepStrictEqual(event, { outcome: 'success', request_model: null, usage: { source: 'provider' } });

  const limited = await wired(t, {
    upstreams: tap.upstreams,
    change: partly,
    budgets: [keyBudget('large', 'sdk', { tokens: 10_000_000 })],
  });
  await assert.rejects(async () => limited?.openai.chat.completions.create(long), OpenAI.APIError);
  assert.equal(tap.asked.length, 1);
});

test('clients and providers may speak HTTP/2', async (t) => {
  const provider = createHttp2Server();
  provider.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(answered);
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => provider.close(resolve)));
  const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const stack = await wired(t, {
    upstreams: { openai: origin, anthropic: origin },
    change: (bootstrap) => {
      for (const cluster of bootstrap.static_resources.clusters)
        cluster.typed_extension_protocol_options ??= {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
            explicit_http_config: { http2_protocol_options: {} },
          },
        };
    },
  });
  if (stack === null) return;
  const client = connect(stack.stack.origin);
  const sent = client.request({
    ':method': 'POST',
    ':path': '/openai/v1/chat/completions',
    authorization: 'Bearer consumer-key',
  });
  sent.end(JSON.stringify(chat));
  assert.equal(await text(sent), answered);
  client.close();
  await stack.stack.envoy.stop();
  const [event] = await stack.stack.events(1);
  assert.partialDeepStrictEqual(event, { outcome: 'success', usage: { total_tokens: 8 }, apikey: { clientId: 'sdk' } });
});
