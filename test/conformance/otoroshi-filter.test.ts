/** Include and exclude rules against what Otoroshi itself answered: equal, or a difference that docs/filters.md names. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { compileFilter } from '../../exporters/pipeline/filter.ts';
import { type Case, documentedDifferences, parityFile, readCases, tally } from './otoroshi.ts';

interface FilterCase extends Case {
  readonly event?: unknown;
  readonly include?: unknown;
  readonly exclude?: unknown;
  readonly source?: unknown;
  readonly predicate?: unknown;
}

const file = parityFile('filter');

/** Where Otoroshi throws, ours answers. */
const answer = ({ event, include, exclude, source, predicate }: FilterCase): boolean => {
  const isPredicate = predicate !== undefined;
  const filter = compileFilter(isPredicate ? { include: [predicate] } : { include, exclude }, 'filtering');
  const value = isPredicate ? source : event;
  const { accepted } = filter.judge(value);
  assert.equal(filter.accepts === null || filter.accepts(value), accepted, 'both ways of asking answer the same');
  return accepted;
};

test('every filter of Otoroshi answers the same here, but for the differences in docs/filters.md', {
  skip: existsSync(file) ? false : `no ${file}`,
}, (t) => {
  const cases = readCases<FilterCase>(file);
  const differing = cases.filter((one) => answer(one) !== one.expected);
  t.diagnostic(`${cases.length} cases, ${differing.length} differ as documented`);
  assert.deepEqual(tally(differing), documentedDifferences('filter'));
});
