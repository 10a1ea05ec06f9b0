import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

const run = async (args: string[], input = '') => {
  const child = spawn(process.execPath, ['cli/main.ts', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, code };
};
const answers = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const ndjson = (...lines: (object | string)[]) =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
const written = async (t: TestContext, name: string, content: string) => {
  const dir = await mkdtemp(join(tmpdir(), 'llm-audit-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, name), content);
  return join(dir, name);
};

/** The same call, 1200 tokens in of which 1000 cached, 345 out of which 100 reasoning, in every shape. */
const shapes = {
  event: { prompt_tokens: 1200, generation_tokens: 345, cache_read_tokens: 1000, reasoning_tokens: 100 },
  short: { prompt: 1200, completion: 345, cached: 1000, reasoning: 100 },
  flat: { input_tokens: 1200, output_tokens: 345, cached_input_tokens: 1000, reasoning_tokens: 100 },
  chat: {
    prompt_tokens: 1200,
    completion_tokens: 345,
    total_tokens: 1545,
    prompt_tokens_details: { cached_tokens: 1000, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 100 },
  },
  mixed: { prompt_tokens: 1200, completion_tokens: 345, cached_tokens: 1000, reasoning_tokens: 100 },
  responses: {
    input_tokens: 1200,
    output_tokens: 345,
    input_tokens_details: { cached_tokens: 1000 },
    output_tokens_details: { reasoning_tokens: 100 },
  },
  anthropic: {
    input_tokens: 200,
    cache_read_input_tokens: 1000,
    cache_creation_input_tokens: 0,
    output_tokens: 345,
    output_tokens_details: { thinking_tokens: 100 },
  },
  gemini: {
    promptTokenCount: 1200,
    candidatesTokenCount: 245,
    thoughtsTokenCount: 100,
    cachedContentTokenCount: 1000,
    totalTokenCount: 1545,
  },
  wrapped: {
    usageMetadata: {
      promptTokenCount: 1200,
      candidatesTokenCount: 245,
      thoughtsTokenCount: 100,
      cachedContentTokenCount: 1000,
    },
  },
};

test('usage costs the same in every shape that it comes in', async () => {
  const lines = Object.entries(shapes).map(([id, usage]) => ({ id, provider: 'openai', model: 'gpt-4o-mini', usage }));
  const { stdout, stderr, code } = await run(['cost', '--cases', '-'], ndjson(...lines));
  assert.deepEqual([code, stderr], [0, '']);
  const expected = {
    input_cost: 0.00003,
    output_cost: 0.000147,
    reasoning_cost: 0.00006,
    cache_read_cost: 0.000075,
    cache_write_cost: 0,
    other_cost: 0,
    total_cost: 0.000312,
    currency: 'dollar',
    source: 'genai-prices',
    catalogue_version: '0.1.8',
  };
  assert.deepEqual(
    answers(stdout),
    Object.keys(shapes).map((id) => ({ id, costs: expected, cost_status: 'priced' })),
  );
});

test('what is no token is read and priced, too, and a fraction of a second counts', async () => {
  const cases = [
    ['openai', 'whisper-1', { type: 'duration', seconds: 8.5 }, 0.00085],
    ['openai', 'whisper-1', { audio_seconds: 8.5 }, 0.00085],
    ['openai', 'tts-1', { input_characters: 1000 }, 0.015],
    ['openai', 'dall-e-3', { images: 1, image_variant: 'hd/1024x1024' }, 0.08],
    ['openai', 'sora-2', { video_seconds: 4 }, 0.4],
    ['mistral', 'mistral-ocr-2503', { pages_processed: 2, doc_size_bytes: 100 }, 0.002],
    ['cohere', 'rerank-v3.5', { billed_units: { search_units: 1 } }, 0.002],
    ['cohere', 'command-a-03-2025', { billed_units: { input_tokens: 1000, output_tokens: 100 }, tokens: {} }, 0.0035],
    ['voyage', 'voyage-3.5', { total_tokens: 1000 }, 0.00006],
    // 1000 new, 2000 read, 3000 written of which 1000 for an hour; 100 out.
    [
      'bedrock',
      'global.anthropic.claude-haiku-4-5-20251001-v1:0',
      {
        inputTokens: 1000,
        outputTokens: 100,
        cacheReadInputTokens: 2000,
        cacheWriteInputTokens: 3000,
        cacheDetails: [
          { ttl: '5m', inputTokens: 2000 },
          { ttl: '1h', inputTokens: 1000 },
        ],
        totalTokens: 6100,
      },
      0.0062,
    ],
    // The total says that the cache is inside.
    ['openai', 'gpt-4o', { inputTokens: 1000, outputTokens: 0, cacheReadInputTokens: 400, totalTokens: 1000 }, 0.002],
  ] as const;
  const lines = cases.map(([provider, model, usage], id) => ({ id, provider, model, usage }));
  const { stdout, stderr, code } = await run(['cost', '--cases', '-', '--at', '2026-11-01'], ndjson(...lines));
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    answers(stdout).map(({ costs }) => costs?.total_cost),
    cases.map(([, , , cost]) => cost),
  );
});

test('a case may name the model asked for, whose price counts where the one that answered has none', async () => {
  const usage = { prompt: 1000, completion: 0 };
  const [line] = answers(
    (
      await run(
        ['cost', '--cases', '-'],
        ndjson({ id: 1, provider: 'azure', model: 'our-deployment', request_model: 'gpt-4o', usage }),
      )
    ).stdout,
  );
  assert.equal(line.costs.total_cost, 0.0025);
});

test('a service tier counts, an unknown price is null and says so', async () => {
  const { stdout, code } = await run(
    ['cost', '--cases', '-'],
    ndjson(
      {
        id: 1,
        provider: 'openai',
        model: 'gpt-5',
        usage: { prompt: 3000, completion: 800, cached: 1024 },
        service_tier: 'flex',
      },
      { id: 2, provider: 'openai', model: 'no-such-model', usage: { prompt: 1, completion: 1 } },
      { id: 3, provider: 'openai', model: 'gpt-5', usage: { prompt: null, completion: null } },
    ),
  );
  const [flex, ...others] = answers(stdout);
  assert.equal(flex.costs.total_cost, 0.005299);
  assert.deepEqual(others, [
    { id: 2, costs: null, cost_status: 'unpriced' },
    { id: 3, costs: null, cost_status: 'unmetered' },
  ]);
  assert.equal(code, 0);
});

test('passes of an Anthropic call are priced each at its own model', async () => {
  const pass = { input_tokens: 1000, output_tokens: 100 };
  const usage = {
    ...pass,
    iterations: [
      { type: 'message', ...pass },
      { type: 'advisor', model: 'claude-opus-4-5', ...pass },
    ],
  };
  const { stdout } = await run([
    'cost',
    '--json',
    '--provider',
    'anthropic',
    '--model',
    'claude-haiku-4-5',
    '--usage',
    JSON.stringify(usage),
  ]);
  assert.equal(answers(stdout)[0].costs.total_cost, 0.0015 + 0.0075);
});

test('broken lines are told with number and reason, the good ones are answered, the exit code is 2', async () => {
  const good = { id: 'good', provider: 'openai', model: 'gpt-4o', usage: { prompt: 1, completion: 1 } };
  const { stdout, stderr, code } = await run(
    ['cost', '--cases', '-'],
    ndjson(
      good,
      '{"id":',
      '',
      { id: 4, model: 'gpt-4o', usage: {} },
      { ...good, usage: { prompt: -1 } },
      { ...good, usage: { foo: 1 } },
      good,
    ),
  );
  assert.equal(code, 2);
  assert.deepEqual(
    answers(stdout).map(({ id }) => id),
    ['good', 'good'],
  );
  const told = stderr.trim().split('\n');
  assert.equal(told.length, 4);
  assert.match(told[0] ?? '', /line 2: not JSON/);
  assert.match(told[1] ?? '', /line 4: /);
  assert.match(told[2] ?? '', /line 5: usage\.prompt: -1 is not a whole number/);
  assert.match(told[3] ?? '', /line 6: usage: none of the known shapes/);
});

test('a price file comes before the catalogue; what is wrong in it is told', async (t) => {
  const prices = await written(
    t,
    'prices.json',
    '{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}, "bad": {"input_cost_per_token": "x"}}',
  );
  const question = [
    '--provider',
    'openai',
    '--model',
    'gpt-4o',
    '--usage',
    '{"prompt_tokens":1000,"completion_tokens":1000}',
  ];
  const { stdout, stderr, code } = await run(['cost', '--json', '--prices', prices, ...question]);
  const [{ costs }] = answers(stdout);
  assert.deepEqual(
    [costs.total_cost, costs.source, costs.catalogue_version],
    [0.003, 'litellm-file', 'sha256:e855732227ef'],
  );
  assert.match(stderr, /prices\.json: "bad"\.input_cost_per_token: "x" is not a price/);
  assert.equal(code, 2);
});

test('while a price file is broken, no price of the built-in list is printed in its place', async (t) => {
  const broken = await written(t, 'prices.json', '{"gpt-4o": {"litellm_provider": "openai", ');
  const question = ['--provider', 'openai', '--model', 'gpt-4o', '--usage', '{"prompt_tokens":1000}'];
  for (const form of [[], ['--json']]) {
    const { stdout, stderr, code } = await run(['cost', ...form, '--prices', broken, ...question]);
    assert.equal(stdout, '');
    assert.match(stderr, /prices\.json/);
    assert.equal(code, 2);
  }
  const cases = await written(
    t,
    'cases.ndjson',
    '{"id":"a","provider":"openai","model":"gpt-4o","usage":{"prompt_tokens":1000}}\n',
  );
  const { stdout, stderr, code } = await run(['cost', '--prices', broken, '--cases', cases]);
  assert.doesNotMatch(stdout, /total_cost/);
  assert.match(stderr, /line 1: no price, as the price files have errors/);
  assert.equal(code, 2);
});

test('one question by flags prints a table, and the price of its day', async () => {
  const { stdout, code } = await run([
    'cost',
    '--provider',
    'openai',
    '--model',
    'o3',
    '--at',
    '2025-06-01',
    '--usage',
    '{"prompt":1000000,"completion":0}',
  ]);
  assert.match(stdout, /^total +10\.00$/m);
  assert.match(stdout, /genai-prices 0\.1\.8/);
  assert.equal(code, 0);
});

test('wrong flags are told with exit code 2', async () => {
  for (const [args, reason] of [
    [['cost'], /give --cases FILE, or --provider/],
    [['cost', '--cases', '/no/such/file'], /cannot read \/no\/such\/file/],
    [['cost', '--provider', 'openai', '--model', 'gpt-4o', '--usage', '{'], /--usage: /],
    [['cost', '--cases', '-', '--at', 'yesterday'], /--at: "yesterday" is not a date/],
    [['cost', '--cases', '-', '--prices', '/no/such/file'], /--prices: /],
    [['impacts', '--provider', 'openai'], /give --cases FILE/],
    [
      ['impacts', '--provider', 'openai', '--model', 'gpt-4o', '--output-tokens', 'many'],
      /--output-tokens: "many" is not a number/,
    ],
    [
      ['impacts', '--provider', 'openai', '--model', 'gpt-4o', '--output-tokens', '1.5'],
      /--output-tokens: "1.5" is not a whole number of tokens/,
    ],
  ] as const) {
    const { stderr, stdout, code } = await run([...args]);
    assert.match(stderr, reason);
    assert.deepEqual([stdout, code], ['', 2]);
  }
});

test('impacts answer line by line, null with a reason where nothing is known', async () => {
  const { stdout, stderr, code } = await run(
    ['impacts', '--cases', '-'],
    ndjson(
      { id: 1, provider: 'openai', model: 'gpt-4o-mini', output_tokens: 170, latency_s: 2.5, zone: 'FRA' },
      { id: 2, provider: 'openai', model: 'no-such-model', output_tokens: 1, latency_s: 1 },
      { id: 3, provider: 'openai', model: 'gpt-4o', output_tokens: 1, latency_s: null, zone: 'XXX' },
      { id: 4, provider: 'ollama', model: 'llama3', output_tokens: 1 },
      { id: 5, provider: 'openai', model: 'gpt-4o' },
    ),
  );
  const [first, ...others] = answers(stdout);
  assert.equal(first.id, 1);
  assert.deepEqual(
    [first.impacts.zone, first.impacts.energy.unit, first.impacts.energy.value.min],
    ['FRA', 'kWh', 1.1150381883041177e-5],
  );
  assert.deepEqual(others, [
    { id: 2, impacts: null, reason: 'unknown_model' },
    { id: 3, impacts: null, reason: 'unknown_zone' },
    { id: 4, impacts: null, reason: 'unknown_provider' },
  ]);
  assert.match(stderr, /line 5: output_tokens: missing/);
  assert.equal(code, 2);
});

test('one impact question by flags prints a table or JSON', async () => {
  const question = [
    'impacts',
    '--provider',
    'openai',
    '--model',
    'gpt-4o-mini',
    '--output-tokens',
    '170',
    '--latency',
    '2.5',
  ];
  const { stdout } = await run(question);
  assert.match(stdout, /^water .* L$/m);
  assert.match(stdout, /ecologits 0\.11\.3, gpt-4o-mini, zone USA/);
  const json = await run([...question, '--json']);
  assert.equal(answers(json.stdout)[0].impacts.zone, 'USA');
});
