import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ImpactQuestion, type Impacts, impacts } from '../../../../plugins/impacts/impacts.ts';

const known = (question: Partial<ImpactQuestion>): Impacts => {
  const found = impacts({ kind: 'openai', model: 'gpt-4o-mini', outputTokens: 170, latencySeconds: 2.5, ...question });
  assert.ok(!('unknown' in found), JSON.stringify(found));
  return found;
};
const unknown = (question: Partial<ImpactQuestion>) => {
  const found = impacts({ kind: 'openai', model: 'gpt-4o', outputTokens: 1, latencySeconds: 1, ...question });
  return 'unknown' in found ? found.unknown : null;
};
const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual} is not ${expected}`);

test('the figures are those of the published formulas, worked by hand for one dense model in one zone', () => {
  // cohere c4ai-aya-expanse-32b: 32.3 billion parameters, one GPU of 80 GB; PUE 1.09, WUE 0.999; zone USA.
  const { energy, embodied, gwp, usage } = known({
    kind: 'cohere',
    model: 'c4ai-aya-expanse-32b',
    outputTokens: 500,
    latencySeconds: 5,
  });
  const gpu = (500 * (1.1665273170451914e-6 * 0.4881273492297933 * 32.3 + 4.052928146734005e-5)) / 1000;
  const server = ((5 / 3600) * 1.2 * (1 / 8)) / 64;
  close(energy.value.avg, 1.09 * (gpu + server));
  close(embodied.gwp.value.avg, (5 * (5700 / 8 + 273)) / (3 * 365 * 24 * 3600 * 64));
  close(gwp.value.avg, usage.gwp.value.avg + embodied.gwp.value.avg);
});

test('a range has its middle, a plain figure has min = max = avg', () => {
  const range = known({}).energy.value;
  assert.ok(range.min < range.max);
  assert.equal(range.avg, (range.min + range.max) / 2);
  const { value, unit } = known({ kind: 'mistral', model: 'codestral-latest' }).energy;
  assert.deepEqual([value.min, value.max, unit], [value.avg, value.avg, 'kWh']);
});

test('every indicator carries its unit, as Otoroshi lays them out', () => {
  const { energy, gwp, adpe, pe, water, usage, embodied, method, version } = known({});
  assert.deepEqual(
    [energy, gwp, adpe, pe, water].map(({ unit }) => unit),
    ['kWh', 'kgCO2eq', 'kgSbeq', 'MJ', 'L'],
  );
  assert.deepEqual(Object.keys(usage).sort(), ['adpe', 'energy', 'gwp', 'pe', 'water']);
  assert.deepEqual(Object.keys(embodied).sort(), ['adpe', 'gwp', 'pe']);
  assert.deepEqual([method, version], ['ecologits', '0.11.3']);
});

test('a measured latency only shortens, and none at all is no limit', () => {
  const quick = known({ outputTokens: 500, latencySeconds: 0.05 }).energy.value.avg;
  const slow = known({ outputTokens: 500, latencySeconds: 600 }).energy.value.avg;
  assert.ok(quick < slow);
  assert.equal(known({ outputTokens: 500, latencySeconds: null }).energy.value.avg, slow);
});

test('no output still costs the time to the first token', () => {
  assert.ok(known({ model: 'gpt-4o', outputTokens: 0 }).energy.value.min > 0);
});

test('electricity comes from where the provider computes, or from where the caller says', () => {
  assert.equal(known({}).zone, 'USA');
  assert.equal(known({ kind: 'mistral', model: 'codestral-latest' }).zone, 'SWE');
  const norway = known({ zone: 'NOR' });
  assert.equal(norway.zone, 'NOR');
  assert.ok(norway.gwp.value.avg < known({ zone: 'POL' }).gwp.value.avg / 2);
});

test('what EcoLogits does not know has no figures, and says which part is unknown', () => {
  assert.equal(unknown({ model: 'no-such-model' }), 'model');
  assert.equal(unknown({ model: 'claude-haiku-4-5' }), 'model');
  assert.equal(unknown({ model: null }), 'model');
  assert.equal(unknown({ zone: 'XXX' }), 'zone');
  assert.equal(unknown({ kind: 'ollama' }), 'provider');
  assert.equal(unknown({ kind: 'constructor' }), 'provider');
  assert.equal(unknown({ model: '__proto__' }), 'model');
});

test('an alias stands for its model and is not our mapping', () => {
  const alias = known({ model: 'gpt-35-turbo' });
  assert.equal(alias.mapped, false);
  assert.deepEqual(alias.energy, known({ model: 'gpt-3.5-turbo' }).energy);
});

test('a mapping of provider or snapshot is ours, and marked', () => {
  for (const [kind, model, listed] of [
    ['azure', 'gpt-4o', 'gpt-4o'],
    ['bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4-5-20251001'],
    ['vertex', 'claude-sonnet-4-5@20250929', 'claude-sonnet-4-5-20250929'],
    ['openrouter', 'anthropic/claude-haiku-4.5', 'claude-haiku-4-5'],
    ['openai', 'gpt-5.6-sol-2026-07-01', 'gpt-5.6-sol'],
  ] as const) {
    const { mapped, model: name } = known({ kind, model });
    assert.deepEqual([mapped, name], [true, listed], `${kind} ${model}`);
  }
  assert.equal(known({ model: 'gpt-4o-mini-2024-07-18' }).mapped, false);
});

test('warnings of model and zone come with the figures', () => {
  assert.deepEqual(known({ kind: 'cohere', model: 'c4ai-aya-expanse-32b', zone: 'AGO' }).warnings, [
    'electricity-mix-wue-world',
  ]);
});

test('the model asked for stands in for one that is not listed, and is marked as our mapping', () => {
  const stand = known({ kind: 'azure', model: 'our-deployment', requestModel: 'gpt-4o' });
  assert.deepEqual([stand.model, stand.mapped], ['gpt-4o', true]);
  assert.equal(unknown({ model: 'our-model', requestModel: 'our-model' }), 'model');
  assert.equal(known({ model: 'gpt-4o', requestModel: 'gpt-4o-mini' }).model, 'gpt-4o');
});
