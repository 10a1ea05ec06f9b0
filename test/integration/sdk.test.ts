/** The official clients through the gateway: they must see what they would see without it, to the byte. */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { type TestContext, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startSimulator } from '../../simulator/server.ts';
import { keyBudget } from '../support/budgets.ts';
import { consumer, startStack, upstream } from '../support/stack.ts';

/** A gateway whose upstream is the simulator behind a tap that keeps each answer's bytes, and clients that keep theirs. */
const wired = async (t: TestContext) => {
  const simulator = await startSimulator({ seed: 11 });
  t.after(() => simulator.close());
  const sent: string[] = [];
  const tap = await upstream(t, (req, res) => {
    const onward = httpRequest(simulator.origin + req.url, { method: req.method, headers: req.headers }, (answer) => {
      let text = '';
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (part: Buffer) => {
        text += part.toString('latin1');
        res.write(part);
      });
      answer.on('end', () => {
        sent.push(text);
        res.end();
      });
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  const stack = await startStack(t, {
    upstreams: { openai: tap, anthropic: tap },
    keys: { 'consumer-key': consumer('sdk') },
    credential: 'provider-key',
  });
  const seen: string[] = [];
  const keepingFetch: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!answer.body) return answer;
    const [a, b] = answer.body.tee();
    void new Response(b).arrayBuffer().then(
      (bytes) => seen.push(Buffer.from(bytes).toString('latin1')),
      () => {},
    );
    return new Response(a, { status: answer.status, headers: answer.headers });
  };
  const options = { apiKey: 'consumer-key', maxRetries: 0, fetch: keepingFetch };
  return {
    stack,
    sent,
    seen,
    openai: new OpenAI({ ...options, baseURL: `${stack.origin}/openai/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: `${stack.origin}/anthropic` }),
  };
};

const simulate = (how: object) => ({ headers: { 'x-simulate': JSON.stringify(how) } });
const question = [{ role: 'user' as const, content: 'Name three rivers.' }];

test('openai: chat, plain', async (t) => {
  const { openai, stack, sent, seen } = await wired(t);
  const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question });
  const [event] = await stack.events(1);
  assert.equal(event?.response_id, answer.id);
  assert.equal(event?.usage.prompt_tokens, answer.usage?.prompt_tokens);
  assert.equal(event?.usage.generation_tokens, answer.usage?.completion_tokens);
  assert.equal(event?.apikey?.clientId, 'sdk');
  assert.deepEqual(seen, sent);
});

test('openai: chat, streamed: every byte but the usage frame that the client did not ask for', async (t) => {
  const { openai, stack, sent, seen } = await wired(t);
  let text = '';
  let frames = 0;
  for await (const chunk of await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: question,
    stream: true,
  })) {
    assert.equal(chunk.choices.length, 1, 'no chunk without a choice');
    text += chunk.choices[0]?.delta.content ?? '';
    frames++;
  }
  assert.ok(text.length > 0 && frames > 2);
  const [event] = await stack.events(1);
  assert.equal(event?.usage.source, 'provider');
  const hidden = sent[0]?.split(/(?<=\n\n)/).filter((frame) => !/"choices":\[\]/.test(frame));
  assert.equal(sent[0]?.split(/(?<=\n\n)/).length, (hidden?.length ?? 0) + 1);
  assert.equal(seen[0], hidden?.join(''));
});

test('openai: chat, streamed with usage: every byte', async (t) => {
  const { openai, stack, sent, seen } = await wired(t);
  const stream = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: question,
    stream: true,
    stream_options: { include_usage: true },
  });
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) usage = chunk.usage ?? usage;
  const [event] = await stack.events(1);
  assert.equal(event?.usage.total_tokens, usage?.total_tokens);
  assert.deepEqual(seen, sent);
});

test('openai: responses, plain and streamed', async (t) => {
  const { openai, stack, sent, seen } = await wired(t);
  const answer = await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.' });
  let usage: OpenAI.Responses.ResponseUsage | undefined;
  for await (const event of await openai.responses.create({
    model: 'gpt-5-mini',
    input: 'Name three rivers.',
    stream: true,
  })) {
    if (event.type === 'response.completed') usage = event.response.usage;
  }
  const [plain, streamed] = await stack.events(2);
  assert.equal(plain?.usage.total_tokens, answer.usage?.total_tokens);
  assert.equal(streamed?.usage.total_tokens, usage?.total_tokens);
  assert.equal(streamed?.usage.reasoning_tokens, usage?.output_tokens_details.reasoning_tokens);
  assert.deepEqual(seen, sent);
});

test('anthropic: messages, plain and streamed', async (t) => {
  const { anthropic, stack, sent, seen } = await wired(t);
  const ask = { model: 'claude-sonnet-5', max_tokens: 200, messages: question };
  const answer = await anthropic.messages.create(ask);
  const streamed = await anthropic.messages.stream(ask).finalMessage();
  const [first, second] = await stack.events(2);
  for (const [event, { usage }] of [
    [first, answer],
    [second, streamed],
  ] as const) {
    assert.equal(
      event?.usage.prompt_tokens,
      usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    );
    assert.equal(event?.usage.generation_tokens, usage.output_tokens);
  }
  assert.deepEqual(seen, sent);
});

test("an aborted stream raises the SDK's abort, and is one aborted event", async (t) => {
  const { openai, anthropic, stack } = await wired(t);
  const stream = await openai.chat.completions.create(
    { model: 'gpt-4o-mini', messages: question, stream: true },
    simulate({ chunks: 200, chunk_delay_ms: 5 }),
  );
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 3) stream.controller.abort();
  const [openaiEvent] = await stack.events(1);
  assert.equal(openaiEvent?.outcome, 'aborted');
  const messages = anthropic.messages.stream(
    { model: 'claude-sonnet-5', max_tokens: 500, messages: question },
    simulate({ chunks: 200, chunk_delay_ms: 5 }),
  );
  messages.on('text', () => messages.abort());
  await assert.rejects(messages.finalMessage(), Anthropic.APIUserAbortError);
  const [anthropicEvent] = await stack.events(1);
  assert.partialDeepStrictEqual(anthropicEvent, { outcome: 'aborted', usage: { source: 'partial' } });
});

test('provider errors raise the exception that they raise without the gateway', async (t) => {
  const { openai, anthropic, stack } = await wired(t);
  const chat = (how: object) =>
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question }, simulate(how));
  const message = (how: object) =>
    anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 9, messages: question }, simulate(how));
  await assert.rejects(chat({ status: 429 }), OpenAI.RateLimitError);
  await assert.rejects(chat({ status: 500 }), OpenAI.InternalServerError);
  await assert.rejects(message({ status: 400 }), Anthropic.BadRequestError);
  await assert.rejects(message({ status: 529 }), Anthropic.InternalServerError);
  for (const event of await stack.events(4)) assert.equal(event.outcome, 'error');
});

test("our refusals raise the SDK's own exceptions", async (t) => {
  const { stack } = await wired(t);
  const options = { apiKey: 'wrong', maxRetries: 0 };
  const openai = new OpenAI({ ...options, baseURL: `${stack.origin}/openai/v1` });
  const anthropic = new Anthropic({ ...options, baseURL: `${stack.origin}/anthropic` });
  await assert.rejects(openai.chat.completions.create({ model: 'm', messages: question }), OpenAI.AuthenticationError);
  await assert.rejects(
    anthropic.messages.create({ model: 'm', max_tokens: 1, messages: question }),
    Anthropic.AuthenticationError,
  );
  for (const event of await stack.events(2)) assert.equal(event.outcome, 'blocked');
});

test('a spent budget raises the rate limit exception of either SDK', async (t) => {
  const simulator = await startSimulator({ seed: 1 });
  t.after(() => simulator.close());
  const budget = keyBudget('b', 'sdk', { tokens: 1 });
  const stack = await startStack(t, { keys: { k: consumer('sdk') }, budgets: [budget] });
  const openai = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  const anthropic = new Anthropic({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/anthropic` });
  await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question });
  await assert.rejects(
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question }),
    (error) => error instanceof OpenAI.RateLimitError && error.code === 'budget_exceeded',
  );
  await assert.rejects(
    anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 1, messages: question }),
    Anthropic.RateLimitError,
  );
});
