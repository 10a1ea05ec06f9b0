/** Budgets through the running gateway, with the official client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import OpenAI from 'openai';
import { request } from 'undici';
import { auditOrphans } from '../../plugins/orphans.ts';
import { createPlugins } from '../../plugins/response-plugin.ts';
import { budget, keyBudget, limitOf, selectors } from '../support/budgets.ts';
import { consumer, startStack, testSettings } from '../support/stack.ts';

const usage = { prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 };
const simulated = (more: object = {}) => ({ 'x-simulate': JSON.stringify({ usage, ...more }) });
const question = [{ role: 'user' as const, content: 'How many?' }];
const ask = (more: object = {}) => ({ model: 'gpt-4o-mini', messages: question, max_completion_tokens: 8, ...more });

test('ten calls at once on what is left for two: exactly two reach the provider, the others raise the rate limit exception', async (t) => {
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('b', 'b', { tokens: 150 }, { shrinks: false })],
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  const calls = Array.from({ length: 10 }, () =>
    client.chat.completions.create(ask({ max_completion_tokens: 40 }), { headers: simulated({ delay_ms: 200 }) }),
  );
  const ended = await Promise.allSettled(calls);
  assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 2);
  for (const end of ended) {
    if (end.status === 'fulfilled') continue;
    assert.ok(end.reason instanceof OpenAI.RateLimitError);
    assert.equal(end.reason.code, 'budget_exceeded');
  }
  const events = await stack.events(10);
  assert.equal(events.filter(({ outcome }) => outcome === 'blocked').length, 8);
});

test('a refusal says when it is worth coming back, with the status and the words of the budget', async (t) => {
  const day = { kind: 'calendar', unit: 'day', zone: 'UTC', anchorDay: 1, weekStart: 1, fiscalMonth: 1 } as const;
  const refusal = { status: 402, message: 'Ask the platform team for more' } as const;
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('b', 'b', { tokens: 0 }, { period: day, refusal })],
  });
  const answer = await request(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    body: JSON.stringify(ask({ stream: true })),
  });
  assert.equal(answer.statusCode, 402);
  const wait = Number(answer.headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 86_400, `retry-after: ${wait}`);
  assert.match(await answer.body.text(), /Ask the platform team for more/);
});

test('where it is wanted, every answer tells what is left', async (t) => {
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('b', 'b', { tokens: 1_000 }, { shrinks: false })],
    settings: { budgetHeaders: true },
  });
  const body = JSON.stringify(ask());
  const answer = await request(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json', ...simulated() },
    body,
  });
  await answer.body.dump();
  const bound = Math.ceil(body.length / 3) + 8;
  assert.equal(answer.headers['x-llm-audit-budget-id'], 'b');
  assert.equal(answer.headers['x-llm-audit-budget-unit'], 'tokens');
  assert.equal(answer.headers['x-llm-audit-budget-remaining'], String(1_000 - bound));
});

test('each budget that a call touches makes an event, and each threshold one alert', async (t) => {
  const siblings: Record<string, unknown>[] = [];
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [
      keyBudget('tokens', 'b', { tokens: 40 }),
      budget('team', {
        limits: [limitOf('requests', 100n)],
        scope: { include: selectors({ groups: ['b'] }), exclude: selectors(), match: 'all', byReference: false },
      }),
    ],
    siblings,
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  for (let call = 0; call < 2; call++) await client.chat.completions.create(ask(), { headers: simulated() });
  await stack.events(2);
  const audits = siblings.filter(({ audit }) => audit === 'LLMBudgetAudit');
  assert.deepEqual(
    audits.map((audit) => audit['@id']).map((id) => String(id).replace(/^[^.]+/, 'request')),
    ['request.1.b.tokens', 'request.1.b.team', 'request.1.b.tokens', 'request.1.b.team'],
  );
  assert.partialDeepStrictEqual(audits[2], {
    budget: { id: 'tokens', consumed_tokens: 36, allowed_tokens: 40, remaining_tokens: 4, used_ratio: 0.9 },
    decision: 'allowed',
  });
  const alerts = siblings.filter(({ alert }) => alert !== undefined);
  assert.deepEqual(
    alerts.map((alert) => [alert['@id'], alert['threshold'], alert['limit'], alert['used_ratio']]),
    [['alert.tokens.80.0', 80, 'total_tokens', 0.9]],
    '18 of 40 is below a half, 36 of 40 above four fifths',
  );
});

test('a soft budget lets everything pass, and says that it is spent', async (t) => {
  const siblings: Record<string, unknown>[] = [];
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('soft', 'b', { tokens: 20 }, { mode: 'soft' })],
    siblings,
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  for (let call = 0; call < 3; call++) await client.chat.completions.create(ask(), { headers: simulated() });
  const events = await stack.events(3);
  assert.deepEqual(
    events.map(({ budgets }) => [budgets[0]?.decision, budgets[0]?.after.tokens]),
    [
      ['allowed', 18],
      ['soft_exceeded', 36],
      ['soft_exceeded', 54],
    ],
  );
  const alerts = siblings.flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
  assert.deepEqual(alerts, ['AiBudgetAlmostExceeded', 'AiBudgetExceeded']);
});

test('a client that leaves gives back what its call did not use', async (t) => {
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('b', 'b', { tokens: 5_000 }, { shrinks: false })],
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  const stream = await client.chat.completions.create(
    { ...ask({ max_completion_tokens: 4_000 }), stream: true },
    { headers: simulated({ chunks: 500, chunk_delay_ms: 5 }) },
  );
  for await (const _ of stream) break;
  stream.controller.abort();
  const [event] = await stack.events(1);
  assert.equal(event?.outcome, 'aborted');
  const after = event?.budgets[0]?.after.tokens ?? 0;
  assert.ok(after > 0 && after < 500, `${after} tokens are booked`);
  const next = await client.chat.completions.create(ask({ max_completion_tokens: 4_000 }), { headers: simulated() });
  assert.equal(next.usage?.total_tokens, 18);
});

test('a call whose gateway died becomes one event, booked with what was reserved, and its budgets tell of it', async () => {
  const events: object[] = [];
  const siblings: Record<string, unknown>[] = [];
  const clock = { now: Date.parse('2026-11-21T10:00:00Z') };
  const settings = testSettings((event) => events.push(event), {
    keys: { k: consumer('b') },
    budgets: [
      keyBudget('b', 'b', { tokens: 250 }, { shrinks: false }),
      budget('at-once', { purpose: 'capacity', limits: [limitOf('calls', 1n)] }),
    ],
    now: () => clock.now,
    siblings,
  });
  const { decide } = createPlugins(settings);
  const body = new TextEncoder().encode(JSON.stringify(ask({ max_completion_tokens: 100 })));
  const incoming = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { authorization: 'Bearer k', 'x-llm-audit-session': 's-1', 'content-type': 'application/json' },
    body,
    provider: {
      id: 'openai',
      vendor: (await import('../../plugins/dialects/vendors.ts')).vendorOf('openai'),
      origin: 'https://api.openai.com',
      credential: null,
    },
    clientIp: null,
    route: { id: 'openai', name: 'openai' },
    receivedAt: clock.now,
    readAt: clock.now,
  };
  const decision = await decide(incoming as Parameters<typeof decide>[0]);
  assert.equal(decision.action, 'forward');
  const { ledger } = settings as unknown as { ledger: Parameters<typeof auditOrphans>[0] };
  assert.equal(await auditOrphans(ledger, settings, 1_000), 0, 'it may still live');
  clock.now += 601_000;
  assert.equal(await auditOrphans(ledger, settings, 1_000), 1);
  assert.equal(await auditOrphans(ledger, settings, 1_000), 0);
  assert.equal(events.length, 1);
  const bound = Math.ceil(body.length / 3) + 100;
  assert.partialDeepStrictEqual(siblings, [
    {
      audit: 'LLMBudgetAudit',
      budget: { id: 'b', consumed_tokens: bound, allowed_tokens: 250 },
      decision: 'allowed',
    },
    { alert: 'AiBudgetAlmostExceeded', threshold: 50 },
  ]);
  assert.partialDeepStrictEqual(events[0], {
    '@timestamp': Date.parse('2026-11-21T10:00:00Z'),
    outcome: 'aborted',
    error: { type: 'gateway_crash' },
    model: 'gpt-4o-mini',
    apikey: { clientId: 'b' },
    session: { id: 's-1' },
    usage: { generation_tokens: 100, source: 'estimated', estimator: 'reservation' },
    cost_status: 'priced',
  });
  assert.deepEqual(await ledger.balances(['b|total_tokens|0', 'at-once|total_calls|0']), [
    { spent: BigInt(bound), reserved: 0n },
    { spent: 0n, reserved: 0n },
  ]);
});

test('where it may, the gateway writes the limit that it reserved into requests that set none', async (t) => {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk) => (text += chunk));
    req.on('end', () => {
      bodies.push(JSON.parse(text));
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ model: 'gpt-4o-mini', choices: [], usage }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const stack = await startStack(t, {
    keys: { k: consumer('b'), free: consumer('f') },
    budgets: [keyBudget('b', 'b', { tokens: 100_000 }, { shrinks: false })],
    settings: { reserve: { defaultOutputTokens: 777, strict: false, capOutput: true } },
    upstreams: { openai: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  });
  const send = async (key: string, more: object) => {
    const answer = await request(`${stack.origin}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: question, ...more }),
    });
    await answer.body.dump();
  };
  await send('k', {});
  await send('k', { max_completion_tokens: 5 });
  await send('free', {});
  assert.deepEqual(
    bodies.map(({ max_completion_tokens }) => max_completion_tokens),
    [777, 5, undefined],
  );
});

test('beyond its limit of rate a key is asked to come back, and its event says what was used', async (t) => {
  const perKey = budget('rate', {
    purpose: 'capacity',
    each: 'apikey',
    period: { kind: 'rolling', length: 60_000 },
    limits: [limitOf('requests', 2n), limitOf('tokens', 10_000n)],
  });
  const stack = await startStack(t, { keys: { k: consumer('b'), other: consumer('o') }, budgets: [perKey] });
  const client = (apiKey: string) => new OpenAI({ apiKey, maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  const call = (apiKey: string) => client(apiKey).chat.completions.create(ask(), { headers: simulated() });
  await call('k');
  await call('k');
  await assert.rejects(
    call('k'),
    (error) => error instanceof OpenAI.RateLimitError && error.code === 'rate_limit_exceeded',
  );
  await call('other');
  const events = await stack.events(4);
  assert.deepEqual(events[1]?.budgets, [], 'a limit of rate is no budget');
  assert.partialDeepStrictEqual(events[1]?.consumer_rate_limit, {
    max_requests: 2,
    consumed_requests: 2,
    remaining_requests: 0,
    max_tokens: 10_000,
    consumed_tokens: 36,
    window_millis: 60_000,
  });
  assert.partialDeepStrictEqual(events[2], { outcome: 'blocked', error: { code: 'rate_limit_exceeded' } });
});

test('an answer made in the background is booked once, when it is fetched with its figures', async (t) => {
  const figures = { input_tokens: 30, output_tokens: 20, total_tokens: 50 };
  const states = ['in_progress', 'completed', 'completed'];
  const server = createServer((req, res) => {
    req.resume();
    const status = req.method === 'POST' ? 'queued' : (states.shift() ?? 'completed');
    const usage = status === 'completed' ? figures : null;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(
      JSON.stringify({ id: 'resp_1', object: 'response', background: true, model: 'gpt-5', status, usage, output: [] }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('soft', 'b', { tokens: 1_000 }, { mode: 'soft' })],
    upstreams: { openai: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  });
  const headers = { authorization: 'Bearer k', 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'gpt-5', input: 'Think', background: true });
  await (await request(`${stack.origin}/openai/v1/responses`, { method: 'POST', headers, body })).body.dump();
  for (let poll = 0; poll < 3; poll++)
    await (await request(`${stack.origin}/openai/v1/responses/resp_1`, { headers })).body.dump();
  const events = await stack.events(2);
  assert.deepEqual(
    events.map(({ budgets }) => budgets[0]?.after.tokens),
    [0, 50],
  );
  await stack.noEvent();
});

test('a caller that waits for each answer is never refused for its own last call', async (t) => {
  const atOnce = budget('one', { purpose: 'capacity', limits: [limitOf('calls', 1n)] });
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [atOnce, keyBudget('b', 'b', { tokens: 10_000 }, { shrinks: false })],
    // As long as a disk may take.
    acceptAfter: 15,
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  for (let call = 0; call < 20; call++)
    await client.chat.completions.create(ask({ max_completion_tokens: 8_000 }), { headers: simulated() });
  assert.ok((await stack.events(20)).every(({ outcome }) => outcome === 'success'));
});

test('alerts of a rolling window are of the window, and told once in its length', async (t) => {
  const clock = { now: Date.parse('2026-11-21T10:00:00Z') };
  const siblings: Record<string, unknown>[] = [];
  const rolling = { kind: 'rolling', length: 3_600_000 } as const;
  const stack = await startStack(t, {
    keys: { k: consumer('b') },
    budgets: [keyBudget('r', 'b', { tokens: 40 }, { mode: 'soft', period: rolling, thresholds: [80] })],
    siblings,
    now: () => clock.now,
  });
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
  for (let call = 0; call < 4; call++) {
    await client.chat.completions.create(ask(), { headers: simulated() });
    clock.now += 120_000;
  }
  const events = await stack.events(4);
  assert.deepEqual(
    events.map(({ budgets }) => [budgets[0]?.before.tokens, budgets[0]?.after.tokens]),
    [
      [0, 18],
      [18, 36],
      [36, 54],
      [54, 72],
    ],
  );
  assert.equal(siblings.filter(({ alert }) => alert !== undefined).length, 1);
});

test('each key that a budget is counted for has alerts of its own', async (t) => {
  const siblings: Record<string, unknown>[] = [];
  const stack = await startStack(t, {
    keys: { a: consumer('a'), b: consumer('b') },
    budgets: [budget('each', { each: 'apikey', mode: 'soft', limits: [limitOf('tokens', 18n)], thresholds: [100] })],
    siblings,
  });
  for (const apiKey of ['a', 'b', 'a', 'b']) {
    const client = new OpenAI({ apiKey, maxRetries: 0, baseURL: `${stack.origin}/openai/v1` });
    await client.chat.completions.create(ask(), { headers: simulated() });
  }
  await stack.events(4);
  const alerts = siblings.filter(({ alert }) => alert !== undefined).map((alert) => alert['@id']);
  assert.deepEqual(alerts, ['alert.each.100.a.0', 'alert.each.100.b.0']);
});
