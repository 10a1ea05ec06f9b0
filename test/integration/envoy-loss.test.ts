/** As many events as calls, through a real Envoy with the shipped configuration; LLM_AUDIT_LONG=1 for 50,000 of them. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { startEnvoyStack } from '../support/envoy-stack.ts';

const long = process.env['LLM_AUDIT_LONG'] === '1';
const calls = long ? 50_000 : 2_500;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One call to its end: resolves to its status; 0 when it was broken off. */
const call = (origin: string, body: object, simulate: object = {}, by: Agent = agent): Promise<number> =>
  new Promise((resolve) => {
    const headers = { authorization: 'Bearer key', 'x-simulate': JSON.stringify(simulate) };
    const sent = request(`${origin}/openai/v1/chat/completions`, { method: 'POST', headers, agent: by }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.complete ? (answer.statusCode ?? 0) : 0));
    });
    sent.once('error', () => resolve(0));
    sent.end(JSON.stringify(body));
  });

/** `many` calls, so many at once. */
const load = async (many: number, atOnce: number, one: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < many) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] };
const streamed = { ...chat, stream: true, stream_options: { include_usage: true } };

test(`${calls} calls through Envoy are ${calls} events, each with the provider's figures`, {
  timeout: 900_000,
}, async (t) => {
  // One worker thread, so one connection: the resets that Node would take for an attack come together.
  const stack = await startEnvoyStack(t);
  if (stack === null) return;
  const statuses = new Map<number, number>();
  await load(calls, 32, async (index) => {
    const status = await call(stack.origin, index % 4 === 0 ? streamed : chat, { chunks: 6 });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  assert.deepEqual([...statuses], [[200, calls]]);
  const events = await stack.events(calls, 20_000);
  assert.equal(new Set(events.map((event) => event['@id'])).size, calls);
  assert.deepEqual(
    events.filter(({ outcome, usage }) => outcome !== 'success' || usage.source !== 'provider'),
    [],
  );
  assert.equal(await stack.envoy.stat('http.llm.ext_proc.streams_failed'), 0);
  assert.equal(await stack.envoy.stat('cluster.llm-audit.upstream_rq_active_overflow'), 0);
  const { decided, ...other } = stack.counts.of;
  assert.equal(decided, calls);
  assert.ok(
    Object.values(other).every((count) => count === 0),
    JSON.stringify(other),
  );
  assert.equal(stack.made.length, calls);
});

test('600 calls at once, more streams than Envoy opens to one cluster by default: 600 events', async (t) => {
  const stack = await startEnvoyStack(t);
  if (stack === null) return;
  const roomy = new Agent({ keepAlive: true, maxSockets: 600 });
  await load(600, 600, () => call(stack.origin, chat, { delay_ms: 2_500 }, roomy));
  roomy.destroy();
  const events = await stack.events(600, 20_000);
  assert.ok(events.every(({ outcome, usage }) => outcome === 'success' && usage.source === 'provider'));
  assert.equal(await stack.envoy.stat('cluster.llm-audit.upstream_rq_active_overflow'), 0);
});

const seconds = long ? 300 : 5;
const atOnce = long ? 200 : 60;

test(`${atOnce} streams at once for ${seconds} s, of which some are cut by either side: one event each, and nothing is left`, {
  timeout: 900_000,
}, async (t) => {
  const stack = await startEnvoyStack(t, { concurrency: 2 });
  if (stack === null) return;
  const until = Date.now() + seconds * 1000;
  const roomy = new Agent({ keepAlive: true, maxSockets: atOnce });
  let made = 0;
  let leaving = 0;
  let cut = 0;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const kind = made++ % 10;
      const simulate = { chunks: 20, chunk_delay_ms: 10, ...(kind === 3 && { cut_after_chunks: 7 }) };
      if (kind === 3) cut++;
      const headers = { authorization: 'Bearer key', 'x-simulate': JSON.stringify(simulate) };
      const path = `${stack.origin}/openai/v1/chat/completions`;
      const sent = request(path, { method: 'POST', headers, agent: roomy }, (answer) => {
        answer.once('close', resolve);
        answer.on('error', () => {});
        answer.resume();
        if (kind !== 7) return;
        leaving++;
        answer.once('data', () => sent.destroy());
      });
      sent.once('error', () => resolve());
      sent.end(JSON.stringify(streamed));
    });
  const worker = async (): Promise<void> => {
    while (Date.now() < until) await one();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const events = await stack.events(made, 20_000);
  assert.equal(new Set(events.map((event) => event['@id'])).size, made);
  const outcomes = Object.groupBy(events, ({ outcome }) => outcome);
  assert.equal(outcomes.aborted?.length, leaving);
  assert.equal(outcomes.error?.length, cut);
  assert.equal(outcomes.success?.length, made - leaving - cut);
  const settled = Date.now() + 10_000;
  while ((stack.underway() > 0 || stack.server.streams() > 0) && Date.now() < settled)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([stack.underway(), stack.server.streams()], [0, 0]);
  roomy.destroy();
});
