import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { request } from 'undici';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { running, temporaryFolder } from '../support/cli.ts';

const usage = { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 };
const prices = (perToken: number) =>
  JSON.stringify({
    'gpt-4o-mini': { litellm_provider: 'openai', input_cost_per_token: perToken, output_cost_per_token: 0 },
  });

const ask = (origin: string, provider: string, simulate: object = {}) =>
  request(`${origin}/${provider}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-simulate': JSON.stringify({ usage, ...simulate }) },
    body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  });

test('prices change while the gateway runs, a call keeps those that it began with, a broken file changes nothing', async (t) => {
  const cwd = await temporaryFolder(t);
  const file = join(cwd, 'prices.json');
  const replace = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await replace(prices(1e-6));
  await writeFile(
    join(cwd, 'llm-audit.yaml'),
    `version: 1
providers:
  simulator: { kind: simulator }
  sweden: { kind: simulator, zone: SWE }
pricing: { files: [prices.json] }
impacts: { zone: FRA }
`,
  );
  const gateway = running(t, ['gateway', '--port', '0'], { cwd });
  const [, origin = ''] = await gateway.prints(/(http:\/\/[\d.:]+\d)[\s\S]*\n$/);

  const early = await ask(origin, 'simulator', { chunks: 70, chunk_delay_ms: 50 });
  await replace(prices(2e-6));
  await gateway.prints(/Price files read again: prices\.json/, 'stderr');
  await (await ask(origin, 'sweden')).body.dump();
  await replace('{"gpt-4o-mini": ');
  await gateway.prints(/prices before stay in force.*prices\.json: not JSON/, 'stderr');
  await (await ask(origin, 'simulator')).body.dump();
  await early.body.dump();
  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);

  const lines = (await readFile(join(cwd, 'llm-audit-data/events.ndjson'), 'utf8')).trimEnd().split('\n');
  const events = lines
    .map((line) => JSON.parse(line) as LLMUsageAudit)
    .sort((one, other) => one['@timestamp'] - other['@timestamp']);
  assert.deepEqual(
    events.map(({ costs }) => costs?.total_cost),
    [0.001, 0.002, 0.002],
  );
  const versions = events.map(({ costs }) => costs?.catalogue_version);
  assert.notEqual(versions[0], versions[1]);
  assert.equal(versions[1], versions[2]);
  assert.deepEqual(
    events.map(({ impacts }) => impacts?.zone),
    ['FRA', 'SWE', 'FRA'],
  );
});

test('prefer_provider_cost takes what the provider says that the call cost, and nothing else of the configuration does', async (t) => {
  const cwd = await temporaryFolder(t);
  const usageWithCost = { ...usage, cost: 0.0042 };
  for (const [prefers, cost, source] of [
    [true, 0.0042, 'provider'],
    [false, 0.000156, 'genai-prices'],
  ] as const) {
    await writeFile(
      join(cwd, 'llm-audit.yaml'),
      `version: 1\nproviders: { simulator: { kind: simulator } }\npricing: { prefer_provider_cost: ${prefers} }\n`,
    );
    const dir = `data-${source}`;
    const gateway = running(t, ['gateway', '--port', '0', '--data-dir', dir], { cwd });
    const [, origin = ''] = await gateway.prints(/(http:\/\/[\d.:]+\d)[\s\S]*\n$/);
    await (await ask(origin, 'simulator', { usage: usageWithCost })).body.dump();
    gateway.kill('SIGTERM');
    assert.equal(await gateway.ended, 0);
    const event = JSON.parse(await readFile(join(cwd, dir, 'events.ndjson'), 'utf8')) as LLMUsageAudit;
    assert.deepEqual([event.costs?.total_cost, event.costs?.source], [cost, source]);
  }
});
