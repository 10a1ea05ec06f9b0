/** Include and exclude rules against what Otoroshi itself answered, as far as we speak its language. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileFilter } from '../../exporters/pipeline/filter.ts';

interface Case {
  readonly id: string;
  readonly class: string;
  readonly expected: boolean | { throws: string };
  readonly event?: unknown;
  readonly include?: unknown[];
  readonly exclude?: unknown[];
  readonly source?: unknown;
  readonly predicate?: unknown;
}

const file = join(process.env['LLM_AUDIT_SHARED'] ?? '../shared', 'parity', 'otoroshi-filter.ndjson');

/** Every operator of a rule is `$wildcard` with a string, and stands alone. */
const isSpoken = (rule: unknown): boolean => {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return true;
  const keys = Object.keys(rule);
  if (!keys.some((key) => key.startsWith('$'))) return Object.values(rule).every(isSpoken);
  return keys.length === 1 && '$wildcard' in rule && typeof rule.$wildcard === 'string';
};

const isRule = (rule: unknown): boolean => typeof rule === 'object' && rule !== null && !Array.isArray(rule);

/** Classes beyond us: numbers that JSON.parse rounds, and lists that a configuration cannot hold. */
const left = new Set(['number-beyond-double', 'malformed-list']);

test('rules of literals, objects, arrays and wildcards answer as Otoroshi does', {
  skip: existsSync(file) ? false : `no ${file}`,
}, (t) => {
  const cases = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Case => JSON.parse(line));
  let checked = 0;
  for (const one of cases) {
    const include = one.include ?? ('predicate' in one ? [one.predicate] : []);
    const exclude = one.exclude ?? [];
    const rules = [...include, ...exclude];
    if (left.has(one.class) || !rules.every((rule) => isRule(rule) && isSpoken(rule))) continue;
    checked++;
    const filter = compileFilter({ include, exclude }, 'filtering');
    const event = 'source' in one ? one.source : one.event;
    const answer = 'problems' in filter ? 'refused' : filter.accepts === null || filter.accepts(event);
    // A pattern that makes Otoroshi throw at every event is refused when the configuration is read.
    assert.equal(
      answer,
      typeof one.expected === 'boolean' ? one.expected : 'refused',
      `${one.id}: ${JSON.stringify(one)}`,
    );
  }
  t.diagnostic(`${checked} of ${cases.length} cases are in the part of the language that is spoken`);
  assert.ok(checked >= 100);
});
