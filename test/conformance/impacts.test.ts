/** Impacts against figures that the EcoLogits package itself computed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ImpactQuestion, type Impacts, impacts } from '../../plugins/impacts/impacts.ts';

type Bounds = number | { min: number; max: number };
type Figures = Record<'energy' | 'gwp' | 'adpe' | 'pe' | 'wcf', Bounds>;

interface Recorded {
  cases: {
    provider: string;
    model: string;
    output_tokens: number;
    latency_s: number | null;
    zone: string | null;
    expected: Figures & {
      errors?: string[];
      usage: Figures;
      embodied: Pick<Figures, 'gwp' | 'adpe' | 'pe'>;
      warnings: string[];
    };
  }[];
  sweep: (Figures & { provider: string; model: string; embodied_gwp: Bounds; warnings: string[] })[];
  zones: (Omit<Figures, 'energy'> & { zone: string; warnings: string[] })[];
}

const shared = process.env['LLM_AUDIT_SHARED'] ?? '../shared';
const file = join(shared, 'parity/ecologits.json');
const options = { skip: !existsSync(file) && `${file} is not there` };
const recorded = (): Recorded => JSON.parse(readFileSync(file, 'utf8'));

const known = (question: ImpactQuestion): Impacts => {
  const found = impacts(question);
  assert.ok(!('unknown' in found), `${question.kind} ${question.model}: ${JSON.stringify(found)}`);
  return found;
};

const same = (found: { value: { min: number; max: number } }, expected: Bounds, where: string): number => {
  const { min, max } = typeof expected === 'number' ? { min: expected, max: expected } : expected;
  for (const [actual, bound] of [
    [found.value.min, min],
    [found.value.max, max],
  ] as const) {
    assert.ok(Math.abs(actual - bound) <= 1e-12 * Math.abs(bound), `${where}: ${actual}, not ${bound}`);
  }
  return 2;
};

const sameFigures = (found: Impacts | Impacts['usage'], expected: Partial<Figures>, where: string): number => {
  const { energy, gwp, adpe, pe, water: wcf } = found;
  return Object.entries({ energy, gwp, adpe, pe, wcf }).reduce((checked, [name, indicator]) => {
    const bounds = expected[name as keyof Figures];
    return bounds === undefined ? checked : checked + same(indicator, bounds, `${where} ${name}`);
  }, 0);
};

const tell = (t: TestContext, cases: number, figures: number) =>
  t.diagnostic(`${cases} cases checked, ${figures} figures to 1e-12`);

test('curated calls have the figures of EcoLogits, or its refusals', options, (t) => {
  const { cases } = recorded();
  let figures = 0;
  for (const { provider, model, output_tokens, latency_s, zone, expected } of cases) {
    const question = { kind: provider, model, outputTokens: output_tokens, latencySeconds: latency_s, zone };
    const where = `${provider} ${model} ${zone ?? ''}`;
    if (expected.errors) {
      assert.deepEqual(
        [impacts(question)].map((found) => 'unknown' in found && `${found.unknown}-not-registered`),
        expected.errors,
        where,
      );
      continue;
    }
    const found = known(question);
    figures += sameFigures(found, expected, where) + sameFigures(found.usage, expected.usage, `${where} usage`);
    for (const name of ['gwp', 'adpe', 'pe'] as const)
      figures += same(found.embodied[name], expected.embodied[name], `${where} embodied ${name}`);
    assert.deepEqual([found.warnings, found.mapped], [expected.warnings, false], where);
  }
  tell(t, cases.length, figures);
});

test('every model and alias of EcoLogits has its figures', options, (t) => {
  const { sweep } = recorded();
  let figures = 0;
  for (const { provider, model, embodied_gwp, warnings, ...expected } of sweep) {
    const found = known({ kind: provider, model, outputTokens: 500, latencySeconds: 5 });
    figures += sameFigures(found, expected, model) + same(found.embodied.gwp, embodied_gwp, `${model} embodied gwp`);
    assert.deepEqual(found.warnings, warnings, model);
  }
  tell(t, sweep.length, figures);
});

test('every zone of EcoLogits has its figures', options, (t) => {
  const { zones } = recorded();
  let figures = 0;
  for (const { zone, warnings, ...expected } of zones) {
    const found = known({ kind: 'openai', model: 'gpt-4o-mini', outputTokens: 500, latencySeconds: 5, zone });
    figures += sameFigures(found, expected, zone);
    assert.deepEqual(found.warnings, warnings, zone);
  }
  tell(t, zones.length, figures);
});
