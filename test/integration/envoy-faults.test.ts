/** What goes wrong behind and beside Envoy: each call is still one event, or is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { chat, documented, filtersOf, question, read, simulate, streamed, wired } from '../support/envoy-clients.ts';
import type { Bootstrap } from '../support/envoy-stack.ts';
import { upstream } from '../support/stack.ts';

test('a client that leaves mid-stream is one aborted event', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  const stream = await stack.openai.chat.completions.create(streamed, simulate({ chunks: 200, chunk_delay_ms: 20 }));
  for await (const _ of stream) break;
  const [event] = await stack.stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    error: { type: 'client_disconnected' },
    usage: { source: 'estimated' },
  });
});

test('a provider that breaks off is an error, before its answer and within', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  await assert.rejects(async () =>
    read(await stack.openai.chat.completions.create(streamed, simulate({ chunks: 20, cut_after_chunks: 5 }))),
  );
  const [within] = await stack.stack.events(1);
  assert.partialDeepStrictEqual(within, {
    outcome: 'error',
    error: { type: 'upstream_reset', in_stream: true },
    status_code: 200,
  });
});

test('a provider that is not there is an error, as is one that is too slow', async (t) => {
  const slow = await upstream(t, () => {});
  const nobody = 'http://127.0.0.1:1';
  const stack = await wired(t, {
    upstreams: { openai: nobody, anthropic: slow },
    change: (bootstrap: Bootstrap) => {
      const [, route] =
        bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0]
          .routes;
      route.route.timeout = '0.5s';
    },
  });
  if (stack === null) return;
  await assert.rejects(stack.openai.chat.completions.create(chat), OpenAI.InternalServerError);
  await assert.rejects(
    stack.anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 200, messages: question }),
    Anthropic.InternalServerError,
  );
  const [absent, late] = await stack.stack.events(2);
  assert.partialDeepStrictEqual(absent, {
    outcome: 'error',
    error: { type: 'upstream_unreachable' },
    status_code: null,
  });
  assert.partialDeepStrictEqual(late, { outcome: 'timeout', error: { type: 'upstream_timeout' }, status_code: null });
});

test('an answer that nobody watches is an event all the same, and counted', async (t) => {
  const patience = { answer: 300, rest: 100, reason: 100 };
  for (const logs of [true, false]) {
    const stack = await wired(t, {
      processor: { patience },
      change: (bootstrap) => {
        filtersOf(bootstrap).splice(1, 1);
        const { typed_config } = bootstrap.static_resources.listeners[0].filter_chains[0].filters[0];
        if (!logs) delete typed_config.access_log;
      },
    });
    if (stack === null) return;
    await stack.openai.chat.completions.create(chat);
    const [event] = await stack.stack.events(1);
    assert.partialDeepStrictEqual(
      event,
      logs ? { outcome: 'success', status_code: 200, cost_status: 'unmetered' } : { outcome: 'aborted' },
    );
    assert.equal(stack.stack.counts.of.unobserved, logs ? 1 : 0);
  }
});

test('a call that cannot be decided for a fault of ours passes, and is counted', async (t) => {
  const stack = await wired(t, {
    settings: { keys: null },
    processor: { providerOf: () => assert.fail('a fault of ours') },
  });
  if (stack === null) return;
  await stack.openai.chat.completions.create(chat);
  assert.equal(stack.stack.counts.of.failed, 1);
  assert.equal(await stack.stack.envoy.stat('http.llm.ext_proc.failure_mode_allowed'), 1);
});

test('while the processor is down calls pass, and the gap is counted', async (t) => {
  const stack = await wired(t, { keys: undefined as never, credential: undefined as never });
  if (stack === null) return;
  await stack.openai.chat.completions.create(chat);
  await stack.stack.events(1);
  await stack.stack.server.close(0);
  for (let call = 0; call < 5; call++) await stack.openai.chat.completions.create(chat);
  assert.equal(await stack.stack.envoy.stat('http.llm.ext_proc.failure_mode_allowed'), 10);
  assert.equal(stack.stack.made.length, 1);
});

for (const inline of [false, true])
  test(`a processor that dies mid-answer leaves the client the rest of it (${inline ? 'inline' : 'observing'})`, async (t) => {
    const stack = await wired(t, {
      change: (bootstrap) => {
        if (inline) filtersOf(bootstrap).splice(0, 2, documented('llm-audit.inline'));
      },
    });
    if (stack === null) return;
    const how = simulate({ chunks: 60, chunk_delay_ms: 20 });
    let parts = 0;
    for await (const _ of await stack.openai.chat.completions.create(streamed, how))
      if (++parts === 3) await stack.stack.server.close(0);
    assert.ok(parts > 60, `${parts} parts`);
    const [event] = await stack.stack.events(1);
    assert.equal(event?.usage.source, 'estimated');
  });
