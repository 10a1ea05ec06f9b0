/** What Otoroshi's events become: the same figures, less what is wrong in them, and no secret. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  validateAiBudgetAlmostExceeded,
  validateAiBudgetExceeded,
  validateLLMUsageAudit,
} from '../../../../schemas/validate.ts';
import {
  abortedAudit,
  almostExceededAlert,
  at,
  embeddingAudit,
  exceededAlert,
  failedAudit,
  gatewayEvent,
  planted,
  usageAudit,
} from '../../../support/otoroshi.ts';
import { intake, taken } from './given.ts';

const leaks = (value: unknown): string[] =>
  Object.values(planted).filter((secret) => JSON.stringify(value).includes(secret));

test("Otoroshi's event of a call is one of ours, under its own id and time", async () => {
  const event = await taken(usageAudit('1991000000000000701'));
  assert.equal(validateLLMUsageAudit(event), null);
  assert.partialDeepStrictEqual(event, {
    '@id': '1991000000000000701',
    '@timestamp': at,
    '@product': 'otoroshi',
    '@env': 'prod',
    environment: 'prod',
    tenant: 'acme',
    origin: 'otoroshi',
    request_id: '1991000000000000700',
    provider_kind: 'openai',
    provider: 'provider_7',
    provider_details: { id: 'provider_7', name: 'Main OpenAI', kind: 'openai', base_host: 'api.example.org' },
    model: 'gpt-4o-mini',
    consumed_using: 'chat/completion/blocking',
    stream: false,
    outcome: 'success',
    error: null,
    duration: 1340,
    usage: {
      prompt_tokens: 210,
      generation_tokens: 64,
      total_tokens: 274,
      reasoning_tokens: 24,
      source: 'provider',
      check: 'ok',
      reported: { prompt_tokens: 210, generation_tokens: 64, reasoning_tokens: 24 },
    },
    rate_limit: { requests_limit: 9000, requests_remaining: 8999, tokens_limit: 300_000, tokens_remaining: null },
    consumer_rate_limit: { max_tokens: 100_000, window_millis: 60_000, consumed_tokens: 298, remaining_tokens: 99_702 },
    messages: { count: 2, user: 1, assistant: 0, tool: 0 },
    impacts_status: 'estimated',
    capture: 'none',
    input_prompt: null,
    output: null,
  });
});

test('of the key, the user, the route and the provider only identifiers stay, and no secret stays anywhere', async () => {
  for (const mode of ['none', 'hash', 'redacted', 'full'] as const)
    for (const told of [usageAudit('1'), failedAudit('2'), abortedAudit('3'), embeddingAudit('4')]) {
      const event = await taken(told, { capture: { mode, maxBytes: 4096 } });
      assert.deepEqual(leaks(event), [], mode);
      assert.ok(!JSON.stringify(event).includes('pw-in-url'));
      assert.deepEqual(event.apikey, {
        clientId: 'shop',
        clientName: 'Web shop',
        metadata: { team: 'shop', openai_token: '[secret]' },
        tags: ['internal'],
      });
      assert.deepEqual(event.route, { id: 'route_shop', name: 'shop-llm' });
      assert.deepEqual(event.user, { id: 'hmac(15)', email: 'hmac(15)', source: 'gateway' });
    }
});

test('prompt and answer are kept as the capture mode says, a secret in them never', async () => {
  const full = await taken(usageAudit('1'), { capture: { mode: 'full', maxBytes: 4096 } });
  assert.deepEqual(full.input_prompt, [
    { role: 'system', content: 'Answer in one word.' },
    { role: 'user', content: 'Which river? My key is [secret]' },
  ]);
  assert.deepEqual(full.output, { generations: [{ message: { role: 'assistant', content: 'Aare' } }] });
  const hashed = await taken(usageAudit('1'), { capture: { mode: 'hash', maxBytes: 4096 } });
  assert.match(hashed.input_hash ?? '', /^hmac-sha256:/);
  assert.equal(hashed.input_prompt, null);
});

test('-1 is null, and what follows from it is not known either', async () => {
  const { post, records } = intake();
  const { body } = await post(abortedAudit('1'));
  assert.partialDeepStrictEqual(body, { accepted: 1, repaired: 1 });
  const event = JSON.parse(records[0]?.body ?? '');
  assert.partialDeepStrictEqual(event, {
    stream: true,
    duration: null,
    usage: { prompt_tokens: null, generation_tokens: null, total_tokens: null, source: 'none', check: null },
    cost_status: 'unmetered',
    costs: null,
    impacts_status: 'no_output',
    impacts: null,
  });
  assert.doesNotMatch(JSON.stringify(event), /:-\d/);
});

test('a reasoning of -1 takes its negative cost with it, and leaves the rest', async () => {
  const event = await taken(
    usageAudit('1', {
      usage: { prompt_tokens: 100, generation_tokens: 10, reasoning_tokens: -1 },
      costs: {
        input_cost: 0.001,
        output_cost: 0.0002,
        reasoning_cost: -0.00002,
        total_cost: 0.00118,
        currency: 'dollar',
      },
    }),
  );
  assert.partialDeepStrictEqual(event, {
    usage: { reasoning_tokens: null, total_tokens: 110 },
    cost_status: 'priced',
    costs: { input_cost: 0.001, output_cost: 0.0002, reasoning_cost: null, total_cost: 0.0012, source: 'otoroshi' },
  });
});

test("costs are Otoroshi's own unless they are to be recomputed: then reasoning is charged once", async () => {
  const told = usageAudit('1');
  assert.partialDeepStrictEqual(await taken(told), {
    cost_status: 'priced',
    costs: { output_cost: 0.0000384, reasoning_cost: 0.0000144, total_cost: 0.0000843, source: 'otoroshi' },
  });
  const recomputed = await taken(told, { recomputeCosts: true });
  assert.equal(recomputed.cost_status, 'priced');
  assert.notEqual(recomputed.costs?.source, 'otoroshi');
  assert.equal(recomputed.costs?.total_cost, 0.0000699);
});

test('where our book has no price, recomputing takes the second charge off what Otoroshi reckoned', async () => {
  // 100 tokens in, 1000 out of which 800 for reasoning, at 1e-6 and 4e-6 dollars.
  const told = usageAudit('1', {
    provider_kind: 'openai-compatible',
    model: 'a-model-of-their-own',
    usage: { prompt_tokens: 100, generation_tokens: 1000, reasoning_tokens: 800 },
    costs: { input_cost: 0.0001, output_cost: 0.004, reasoning_cost: 0.0032, total_cost: 0.0073, currency: 'dollar' },
  });
  assert.equal((await taken(told)).costs?.total_cost, 0.0073);
  assert.partialDeepStrictEqual((await taken(told, { recomputeCosts: true })).costs, {
    output_cost: 0.0008,
    reasoning_cost: 0.0032,
    total_cost: 0.0041,
  });
});

test('an event without costs says why it has none', async () => {
  const none = { costs: null };
  assert.equal((await taken(usageAudit('1', none))).cost_status, 'unpriced');
  assert.equal((await taken(usageAudit('1', { ...none, usage: {}, output: null }))).cost_status, 'unmetered');
  assert.partialDeepStrictEqual(await taken(failedAudit('1')), { cost_status: 'not_billed', costs: { total_cost: 0 } });
  const zeros = { prompt_tokens: 0, generation_tokens: 0, reasoning_tokens: 0 };
  const hit = { generations: [], metadata: { usage: zeros, cache: { status: 'Hit', key: 'k', ttl: 60, age: 2 } } };
  assert.partialDeepStrictEqual(await taken(usageAudit('1', { ...none, usage: undefined, output: hit })), {
    cost_status: 'not_billed',
    cache: { status: 'Hit', hit: true, ttl: 60_000, age: 2_000 },
  });
});

test('an error keeps its words, less the key that the provider repeated', async () => {
  assert.partialDeepStrictEqual(await taken(failedAudit('1')), {
    outcome: 'error',
    provider: 'provider_7',
    model: null,
    duration: null,
    error: {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
      message: 'Incorrect API key provided: [secret]. You can find your key at https://keys.example.',
    },
  });
  for (const [error, outcome, type, message] of [
    [{ exception: 'connection reset' }, 'error', 'exception', 'connection reset'],
    [{ error: "you can't use this model" }, 'blocked', "you can't use this model", "you can't use this model"],
    [{ error: 'guardrail_denied', error_description: 'no poems' }, 'blocked', 'guardrail_denied', 'no poems'],
    ['something', 'error', null, 'something'],
    [[1, 2], 'error', 'unknown', null],
    [{ odd: { shape: true } }, 'error', 'unknown', null],
  ] as const)
    assert.partialDeepStrictEqual(await taken(usageAudit('1', { error, costs: null })), {
      outcome,
      error: { type, message },
    });
});

test('embeddings have their tokens from the answer, and not the costs of the chat beside them', async () => {
  const told = embeddingAudit('1');
  assert.partialDeepStrictEqual(await taken(told), {
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 8, generation_tokens: 0, total_tokens: 8 },
    cost_status: 'unpriced',
    costs: null,
    impacts_status: 'unknown_operation',
  });
  assert.partialDeepStrictEqual(await taken(told, { recomputeCosts: true }), { cost_status: 'priced' });
});

test('budgets stand before, with and after the call; without a limit nothing remains to be told', async () => {
  const { budgets } = await taken(usageAudit('1'));
  assert.deepEqual(budgets, [
    {
      budget_id: 'budget_shop',
      name: 'budget_shop',
      decision: 'allowed',
      consumption: {
        consumed_total_usd: 1.25,
        consumed_total_tokens: 70_000,
        remaining_total_usd: 8.75,
        remaining_total_tokens: null,
        allowed_total_usd: 10,
        allowed_total_tokens: null,
      },
      before: { usd: 1.25, tokens: 70_000 },
      this_call: { usd: 0.0000843, tokens: 274 },
      after: { usd: 1.2500843, tokens: 70_274 },
      exceeded: false,
    },
    {
      budget_id: 'budget_over',
      name: 'budget_over',
      decision: 'allowed',
      consumption: {
        consumed_total_usd: null,
        consumed_total_tokens: null,
        remaining_total_usd: null,
        remaining_total_tokens: null,
        allowed_total_usd: null,
        allowed_total_tokens: null,
      },
      before: { usd: null, tokens: null },
      this_call: { usd: 0.0000843, tokens: 274 },
      after: { usd: null, tokens: null },
      exceeded: false,
    },
  ]);
});

test('figures that contradict each other are marked, not mended', async () => {
  const usage = { prompt_tokens: 10, generation_tokens: 5, reasoning_tokens: 90 };
  assert.equal((await taken(usageAudit('1', { usage }))).usage.check, 'mismatch');
  const xai = await taken(usageAudit('1', { usage, provider_kind: 'x-ai' }));
  assert.partialDeepStrictEqual(xai.usage, { generation_tokens: 95, reasoning_tokens: 90 });
  const odd = { prompt_tokens: -7, generation_tokens: 1.5, reasoning_tokens: 'many' };
  assert.partialDeepStrictEqual((await taken(usageAudit('1', { usage: odd }))).usage, {
    prompt_tokens: null,
    generation_tokens: null,
    reasoning_tokens: null,
    check: 'invalid',
  });
});

test('the alerts of budgets are taken, with what they say', async () => {
  const exceeded = await taken(exceededAlert('1'));
  assert.equal(validateAiBudgetExceeded(exceeded), null);
  assert.deepEqual(leaks(exceeded), []);
  assert.partialDeepStrictEqual(exceeded, {
    alert: 'AiBudgetExceeded',
    apikey: { clientId: 'shop' },
    model: null,
    provider: 'unknown',
    threshold: 100,
    budgets: [{ budget_id: 'budget_shop', exceeded: true }, { budget_id: 'budget_over' }],
  });
  const almost = await taken(almostExceededAlert('2'));
  assert.equal(validateAiBudgetAlmostExceeded(almost), null);
  assert.partialDeepStrictEqual(almost, {
    alert: 'AiBudgetAlmostExceeded',
    threshold: 85,
    limit: 'total_usd',
    used_ratio: 0.9,
    budget: { id: 'budget_shop', name: 'Shop' },
    consumption: { consumed_total_usd: 9, remaining_total_usd: 1, allowed_total_usd: 10, allowed_total_tokens: null },
    percentages: { total_usd: 90, total_tokens: null },
  });
});

test('events of other kinds are dropped and counted, or their envelope is kept', async () => {
  const mcp = {
    '@id': '9',
    '@timestamp': at,
    '@type': 'AuditEvent',
    audit: 'McpAudit',
    apikey: { clientSecret: 'x'.repeat(9) },
  };
  const { post, records } = intake();
  assert.partialDeepStrictEqual((await post([gatewayEvent('8'), mcp])).body, { accepted: 0, dropped: 2 });
  assert.deepEqual(records, []);
  const keeping = intake({ unknown: 'keep' });
  assert.partialDeepStrictEqual((await keeping.post([gatewayEvent('8'), mcp])).body, { accepted: 2, dropped: 0 });
  assert.deepEqual(
    keeping.records.map(({ id, kind, body }) => [id, kind, Object.keys(JSON.parse(body))]),
    [
      ['8', 'GatewayEvent', ['@id', '@timestamp', '@type', '@product', '@serviceId', '@service', '@env']],
      ['9', 'McpAudit', ['@id', '@timestamp', '@type', 'audit']],
    ],
  );
  assert.deepEqual(leaks(keeping.records), []);
});
