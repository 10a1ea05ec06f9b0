/** Projections against what Otoroshi itself answered: equal, or a difference that docs/filters.md names. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { isEqual, isObject } from '../../exporters/pipeline/json.ts';
import { compileProjection } from '../../exporters/pipeline/projection.ts';
import { type Case, documentedDifferences, parityFile, readCases, tally } from './otoroshi.ts';

interface ProjectionCase extends Case {
  readonly event: unknown;
  readonly projection: unknown;
}

const file = parityFile('projection');

test('every projection of Otoroshi makes the same here, but for the differences in docs/filters.md', {
  skip: existsSync(file) ? false : `no ${file}`,
}, async (t) => {
  const cases = readCases<ProjectionCase>(file);
  const differing: ProjectionCase[] = [];
  for (const one of cases) {
    const { project } = await compileProjection(one.projection, 'projection');
    const made = project ? project(one.event) : { value: one.event };
    const isLeak = isObject(one.expected) && 'throws' in one.expected;
    if (isLeak) assert.ok('failed' in made, `${one.id}: where Otoroshi sends the whole event, ours sends nothing`);
    if ('failed' in made || !isEqual(made.value, one.expected)) differing.push(one);
  }
  t.diagnostic(`${cases.length} cases, ${differing.length} differ as documented`);
  assert.deepEqual(tally(differing), documentedDifferences('projection'));
});
