import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFilter } from '../../../../exporters/pipeline/filter.ts';
import { wildcard } from '../../../../exporters/pipeline/wildcard.ts';

const event = {
  audit: 'LLMUsageAudit',
  model: 'gpt-4o-mini',
  stream: true,
  usage: { prompt_tokens: 45, source: 'provider' },
  finish_reasons: ['stop'],
  error: null,
};

const passes = (include: object[], exclude: object[] = []): boolean => {
  const filter = compileFilter({ include, exclude }, 'filtering');
  if ('problems' in filter) throw new Error(JSON.stringify(filter.problems));
  return filter.accepts === null || filter.accepts(event);
};

test('an event passes when any include and no exclude matches, and inside an object all keys must', () => {
  assert.equal(passes([]), true);
  assert.equal(passes([{ audit: 'LLMUsageAudit' }]), true);
  assert.equal(passes([{ audit: 'Other' }, { stream: true }]), true);
  assert.equal(passes([{ audit: 'LLMUsageAudit', stream: false }]), false);
  assert.equal(passes([{ audit: 'LLMUsageAudit' }], [{ model: { $wildcard: 'gpt-*' } }]), false);
});

test('literals match by type and value, objects by what they name, arrays as a whole, null never', () => {
  assert.equal(passes([{ usage: { prompt_tokens: 45 } }]), true);
  assert.equal(passes([{ usage: { prompt_tokens: '45' } }]), false);
  assert.equal(passes([{ usage: {} }]), true);
  assert.equal(passes([{ model: {} }]), false);
  assert.equal(passes([{ finish_reasons: ['stop'] }]), true);
  assert.equal(passes([{ finish_reasons: 'stop' }]), false);
  assert.equal(passes([{ error: null }]), false);
  assert.equal(passes([{ toString: {} }]), false);
});

test('rules that could never mean what they say are refused, each with its place', () => {
  const filter = compileFilter(
    {
      include: [{ a: { b: { $gt: 1 } } }, { $or: [] }, 'text'],
      exclude: [{ x: { $gt: 1, $lt: 5 } }, { x: { $wildcard: 7 } }, { x: { $wildcard: 'a(b' } }],
    },
    'exporters[2].filtering',
  );
  assert.deepEqual('problems' in filter && filter.problems.map(({ place, message }) => `${place}: ${message}`), [
    'exporters[2].filtering.include[0].a.b.$gt: unknown operator; accepted: $wildcard',
    'exporters[2].filtering.include[1].$or: unknown operator; accepted: $wildcard',
    'exporters[2].filtering.include[2]: a rule is an object, for example {"audit": "LLMUsageAudit"}',
    'exporters[2].filtering.exclude[0].x.$gt: an operator stands alone in its object',
    'exporters[2].filtering.exclude[1].x.$wildcard: takes a string such as "gpt-*"',
    'exporters[2].filtering.exclude[2].x.$wildcard: not a pattern: Invalid regular expression: /^(?:a(b)$/u: Unterminated group',
  ]);
});

test('a wildcard with many stars does not stall on a long text', () => {
  const matches = wildcard('*a*b*c*d*e*f*');
  const begun = performance.now();
  assert.equal(matches('abcde'.repeat(50_000)), false);
  assert.ok(performance.now() - begun < 1000);
});

test('stars do not cross line breaks and do not overlap what stands around them', () => {
  assert.equal(wildcard('a*b')('a\nb'), false);
  assert.equal(wildcard('ab*ba')('aba'), false);
  assert.equal(wildcard('a*a*a')('aa'), false);
  assert.equal(wildcard('a*a*a')('aaa'), true);
  assert.equal(wildcard('gpt-4.1*')('gpt-421'), false);
});
