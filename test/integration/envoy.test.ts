/** Official clients through a real Envoy with the shipped configuration: they see what they would see without us. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { keyBudget } from '../support/budgets.ts';
import { chat, clients, question, read, simulate, streamed, tapped, wired } from '../support/envoy-clients.ts';
import { startEnvoyStack } from '../support/envoy-stack.ts';
import { consumer, startStack } from '../support/stack.ts';

/** Every kind of call of both SDKs, one after the other. */
const everyCall = async (origin: string): Promise<string[]> => {
  const { openai, anthropic, seen } = clients(origin);
  const ask = { model: 'claude-sonnet-5', max_tokens: 200, messages: question };
  await openai.chat.completions.create(chat);
  await read(await openai.chat.completions.create(streamed));
  await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.' });
  await read(await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.', stream: true }));
  await anthropic.messages.create(ask);
  await anthropic.messages.stream(ask).finalMessage();
  await assert.rejects(openai.chat.completions.create(chat, simulate({ status: 429 })), OpenAI.RateLimitError);
  await assert.rejects(
    openai.chat.completions.create({ ...chat }, { headers: { authorization: 'Bearer nobody' } }),
    OpenAI.AuthenticationError,
  );
  await openai.models.list();
  return seen;
};

/** An event without what tells of the host, of time, and of how the bytes were cut into pieces. */
const essence = (event: LLMUsageAudit | undefined): object => {
  assert.ok(event);
  const {
    '@id': _id,
    '@timestamp': _at,
    '@service': _s,
    '@serviceId': _sid,
    request_id: _rid,
    route: _r,
    provider_details: _p,
    correlation_id: _c,
    client: _cl,
    duration: _d,
    upstream_duration: _u,
    gateway_overhead: _g,
    time_to_first_token: _t,
    time_per_output_token: _tp,
    impacts: _i,
    ...rest
  } = event;
  return { ...rest, stream_stats: rest.stream_stats && { ...rest.stream_stats, chunks: 0 } };
};

test('the events of all calls are those of the node host, and the bytes those of the provider', async (t) => {
  const [one, other] = [await tapped(t), await tapped(t)];
  const keys = { 'consumer-key': consumer('sdk') };
  const envoy = await startEnvoyStack(t, { upstreams: one.upstreams, keys, credential: 'provider-key' });
  if (envoy === null) return;
  const node = await startStack(t, { upstreams: other.upstreams, keys, credential: 'provider-key' });
  const throughEnvoy = await everyCall(envoy.origin);
  await everyCall(node.origin);
  const made = await envoy.events(8);
  assert.deepEqual(made.map(essence), (await node.events(8)).map(essence));
  assert.deepEqual(
    throughEnvoy.filter((text) => !text.includes('unknown_key') && !text.includes('invalid_api_key')),
    one.sent,
  );
  assert.ok(
    one.asked.every(
      ({ headers }) => headers['authorization'] !== 'Bearer consumer-key' && headers['x-api-key'] !== 'consumer-key',
    ),
  );
  assert.deepEqual(envoy.counts.of, {
    decided: 7,
    refused: 1,
    free: 1,
    unknown_provider: 0,
    unobserved: 0,
    unaudited: 0,
    foreign: 0,
    failed: 0,
  });
});

test("a budget that is used up raises the SDK's error for it, and nothing is sent", async (t) => {
  const stack = await wired(t, { budgets: [keyBudget('small', 'sdk', { tokens: 1 }, { shrinks: false })] });
  if (stack === null) return;
  await assert.rejects(stack.openai.chat.completions.create(chat), OpenAI.RateLimitError);
  await assert.rejects(
    stack.anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 200, messages: question }),
    Anthropic.RateLimitError,
  );
  const events = await stack.stack.events(2);
  assert.deepEqual(
    events.map(({ outcome }) => outcome),
    ['blocked', 'blocked'],
  );
  assert.equal(stack.stack.counts.of.refused, 2);
});

test('headers of ours stay here, those of the caller arrive, and a long body comes whole', async (t) => {
  const tap = await tapped(t);
  const stack = await wired(t, { upstreams: tap.upstreams });
  if (stack === null) return;
  const long = { ...chat, messages: [{ role: 'user' as const, content: 'river '.repeat(500_000) }] };
  await stack.openai.chat.completions.create(long, {
    headers: { 'x-llm-audit-user': 'alice', 'x-mine': 'stays', 'x-http-method-override': 'GET' },
  });
  const [event] = await stack.stack.events(1);
  assert.equal(event?.user?.id, 'alice');
  const [call] = tap.asked;
  assert.equal(call?.headers['x-llm-audit-user'], undefined);
  assert.equal(call?.headers['x-http-method-override'], undefined);
  assert.equal(call?.headers['x-mine'], 'stays');
  assert.deepEqual(JSON.parse(call?.body ?? ''), long);
});

test('a packed answer is read, and reaches the client packed', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  for (const body of [chat, streamed]) {
    const answer = await fetch(`${stack.stack.origin}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer consumer-key', 'accept-encoding': 'gzip', 'x-simulate': '{"gzip":true}' },
      body: JSON.stringify(body),
    });
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    await answer.text();
    const [event] = await stack.stack.events(1);
    assert.equal(event?.usage.source, 'provider');
  }
});
