/** The gateway as routes of a real Fastify application. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import fastify from 'fastify';
import OpenAI from 'openai';
import { type FastifyAuditOptions, llmUsageAudit } from '../../plugins/hosts/fastify/index.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { startSimulator } from '../../simulator/server.ts';
import { consumer } from '../support/stack.ts';

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Name three rivers.' }] };

const running = async (t: TestContext, more: Partial<FastifyAuditOptions> = {}) => {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const made: LLMUsageAudit[] = [];
  let woken = Promise.withResolvers<void>();
  const app = fastify();
  app.post('/echo', (request) => request.body);
  await app.register(llmUsageAudit, {
    prefix: '/llm',
    accept: (event) => {
      made.push(event);
      woken.resolve();
    },
    providers: ['openai', 'anthropic'].map((kind) => ({ kind, baseUrl: simulator.origin, credential: 'provider-key' })),
    keys: (key) => (key === 'k' ? consumer('app') : null),
    grace: 2_000,
    ...more,
  });
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => app.close());
  const events = async (count: number) => {
    while (made.length < count) {
      await woken.promise;
      woken = Promise.withResolvers();
    }
    return made.splice(0, count);
  };
  return { app, origin, events };
};

test('the official clients through a Fastify application: plain, streamed, refused, aborted', async (t) => {
  const { origin, events } = await running(t);
  const open = (apiKey: string) => new OpenAI({ apiKey, maxRetries: 0, baseURL: `${origin}/llm/openai/v1` });
  const openai = open('k');
  const anthropic = new Anthropic({ apiKey: 'k', maxRetries: 0, baseURL: `${origin}/llm/anthropic` });
  const answer = await openai.chat.completions.create(chat);
  const [plain] = await events(1);
  assert.equal(plain?.usage.total_tokens, answer.usage?.total_tokens);
  assert.equal(plain?.apikey?.clientId, 'app');
  assert.equal(plain?.route?.id, 'openai');

  const message = await anthropic.messages.stream({ ...chat, model: 'claude-sonnet-5', max_tokens: 99 }).finalMessage();
  const [streamed] = await events(1);
  assert.equal(streamed?.usage.generation_tokens, message.usage.output_tokens);

  await assert.rejects(open('wrong').chat.completions.create(chat), OpenAI.AuthenticationError);
  assert.equal((await events(1))[0]?.outcome, 'blocked');

  const slow = { headers: { 'x-simulate': JSON.stringify({ chunks: 200, chunk_delay_ms: 5 }) } };
  for await (const _ of await openai.chat.completions.create({ ...chat, stream: true }, slow)) break;
  assert.equal((await events(1))[0]?.outcome, 'aborted');
});

test('the other routes of the application keep their parsers, and nobody at an unknown provider is met by silence', async (t) => {
  const { origin } = await running(t);
  const headers = { 'content-type': 'application/json' };
  const echoed = await fetch(`${origin}/echo`, { method: 'POST', headers, body: '{"a":1}' });
  assert.deepEqual(await echoed.json(), { a: 1 });
  const unknown = await fetch(`${origin}/llm/nobody/v1/chat/completions`, { method: 'POST', headers, body: '{}' });
  assert.equal(unknown.status, 404);
  assert.match(await unknown.text(), /unknown_provider/);
});

test('an application that closes lets its streams end first', async (t) => {
  const { app, origin, events } = await running(t);
  const openai = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${origin}/llm/openai/v1` });
  const slow = { headers: { 'x-simulate': JSON.stringify({ chunks: 20, chunk_delay_ms: 10 }) } };
  const stream = await openai.chat.completions.create({ ...chat, stream: true }, slow);
  const closed = app.close();
  for await (const _ of stream);
  await closed;
  assert.equal((await events(1))[0]?.outcome, 'success');
});
