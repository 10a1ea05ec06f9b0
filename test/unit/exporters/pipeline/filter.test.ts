import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileFilter, type FilterLanguage } from '../../../../exporters/pipeline/filter.ts';
import { wildcard } from '../../../../exporters/pipeline/wildcard.ts';

const event = {
  '@type': 'AuditEvent',
  audit: 'LLMUsageAudit',
  model: 'gpt-4o-mini',
  stream: true,
  usage: { prompt_tokens: 45, source: 'provider' },
  tags: ['gold', 'eu'],
  error: null,
  nested: { list: [{ id: 'one' }, { id: 'two' }] },
  'a.b': 'dotted',
};

const judge = (include: unknown, exclude: unknown = [], language: FilterLanguage = 'otoroshi') =>
  compileFilter({ include, exclude }, 'filtering', language).judge(event);

const matches = (rule: object, language: FilterLanguage = 'otoroshi'): boolean => judge([rule], [], language).accepted;

const warningsOf = (rule: object): string[] =>
  compileFilter({ include: [rule] }, 'filtering').warnings.map(({ place, message }) => `${place} ${message}`);

test('an event passes when any include and no exclude matches, and the rule that decided is named', () => {
  assert.deepEqual(judge([]), { accepted: true, rule: null });
  assert.deepEqual(judge([{ audit: 'Other' }, { stream: true }]), { accepted: true, rule: 'include[1]' });
  assert.deepEqual(judge([{ audit: 'LLMUsageAudit', stream: false }]), { accepted: false, rule: 'include' });
  assert.deepEqual(judge([{ stream: true }], [{ model: 'o3' }, { model: { $wildcard: 'gpt-*' } }]), {
    accepted: false,
    rule: 'exclude[1]',
  });
});

test('literals match by type and value, objects by what they name, arrays as a whole, null never', () => {
  assert.equal(matches({ usage: { prompt_tokens: 45 } }), true);
  assert.equal(matches({ usage: { prompt_tokens: '45' } }), false);
  assert.equal(matches({ usage: {} }), true);
  assert.equal(matches({ model: {} }), false);
  assert.equal(matches({ tags: ['gold', 'eu'] }), true);
  assert.equal(matches({ tags: ['eu', 'gold'] }), false);
  assert.equal(matches({ tags: 'gold' }), false);
  assert.equal(matches({ error: null }), false);
  assert.equal(matches({ toString: {} }), false);
  assert.equal(matches({}), true);
  assert.equal(matches({ 'usage.prompt_tokens': 45 }), false, 'keys are no paths');
  assert.equal(matches({ 'a.b': 'dotted' }), true);
});

test('operators stand alone, on a field or on the event; two of them are the names of fields', () => {
  assert.equal(matches({ usage: { prompt_tokens: { $gt: 44 } } }), true);
  assert.equal(matches({ usage: { prompt_tokens: { $between: { min: 45, max: 50 } } } }), false);
  assert.equal(matches({ usage: { prompt_tokens: { $betweene: { min: 45, max: 50 } } } }), true);
  assert.equal(matches({ usage: { prompt_tokens: { $gt: 1, $lt: 50 } } }), false);
  assert.equal(matches({ $or: [{ model: 'o3' }, { stream: true }] }), true);
  assert.equal(matches({ $exists: 'error' }), true);
  assert.equal(matches({ usage: { $exists: 'total' } }), false);
  assert.equal(matches({ model: { $regex: 'gpt-[0-9]' } }), false, 'the whole text');
  assert.equal(matches({ tags: { $size: 2.9 } }), true, 'cut, not rounded');
  assert.equal(matches({ tags: { $all: ['eu'] } }), true);
  assert.equal(matches({ tags: { $all: ['eu', 'eu'] } }), false);
});

test('$eq is not the same as a literal: arrays never equal, an object is a rule', () => {
  assert.equal(matches({ tags: { $eq: ['gold', 'eu'] } }), false);
  assert.equal(matches({ tags: { $ne: ['gold', 'eu'] } }), true);
  assert.equal(matches({ usage: { $eq: { prompt_tokens: { $gt: 1 } } } }), true);
  assert.equal(matches({ usage: { $in: [{ prompt_tokens: 45 }] } }), false, '$in compares objects as a whole');
  assert.equal(matches({ usage: { $in: [{ source: 'provider', prompt_tokens: 45 }] } }), true);
});

test('$not negates operators only: an unknown one is false, so that its negation is true', () => {
  assert.equal(matches({ model: { $not: { $wildcard: 'o*' } } }), true);
  assert.equal(matches({ $not: { audit: 'LLMUsageAudit' } }), true);
  assert.equal(matches({ $nor: [{ audit: 'LLMUsageAudit' }] }), false);
  assert.equal(matches({ model: { $not: { $unknown: 1 } } }), true);
  assert.equal(matches({ usage: { prompt_tokens: { $not: { $lt: 50, $gt: 50 } } } }), false, 'the first one counts');
});

test('$contains takes its key for a path, with the turns that Otoroshi takes', () => {
  assert.equal(matches({ tags: { $contains: 'gold' } }), true);
  assert.equal(matches({ 'nested.list': { $contains: { id: 'two' } } }), true);
  assert.equal(matches({ 'nested.list.1': { $contains: { key: 'id', value: 'two' } } }), true);
  assert.equal(matches({ 'model.tags': { $contains: 'gold' } }), true, 'a scalar is passed by');
  assert.equal(matches({ 'usage.model.tags': { $contains: 'gold' } }), false);
  assert.equal(matches({ 'nested.list.9': { $contains: 'x' } }), false, 'Otoroshi throws here');
  assert.equal(matches({ 'nested.list.9': { $not: { $contains: 'x' } } }), true);
  assert.equal(matches({ $contains: { key: 'error', value: null } }), true, 'the way to select null');
});

test('a missing field equals nothing, where Otoroshi loses the event by an error', () => {
  assert.equal(matches({ region: { $eq: 'eu' } }), false);
  assert.equal(matches({ region: { $ne: 'eu' } }), true);
  assert.equal(matches({ region: { $in: ['eu'] } }), false);
  assert.equal(matches({ region: { $nin: ['eu'] } }), true);
  assert.equal(matches({ region: { $or: ['eu', {}] } }), false);
  assert.equal(matches({ region: { $nor: ['eu'] } }), true);
  assert.equal(matches({ region: { $and: [{ $not: { $gt: 1 } }] } }), true);
  assert.deepEqual(judge([], [{ region: { $eq: 'eu' } }]), { accepted: true, rule: null });
});

test('what has no effect is told with its place, and changes nothing else', () => {
  assert.match(warningsOf({ model: { $like: 'a' } })[0] ?? '', /^filtering\.include\[0\]\.model\.\$like never matches/);
  for (const [rule, warning] of [
    [{ error: null }, /null never matches/],
    [{ x: { $gt: '1' } }, /\$gt takes a number/],
    [{ x: { $gt: 1, $lt: 5 } }, /\$gt and \$lt are taken for the names of fields/],
    [{ x: { $eq: ['a'] } }, /an array never equals here/],
    [{ x: { $between: { min: 1 } } }, /two numbers, min and max/],
    [{ x: { $regex: 'a(' } }, /cannot be read as a Java pattern/],
    [{ x: { $wildcard: 'a(' } }, /cannot be read as a Java pattern/],
    [{ x: { $all: ['a', 'a'] } }, /stands in it twice/],
    [{ $not: { audit: 'x' } }, /is true for every event/],
    [{ x: { $not: { $gt: 1, $lt: 5 } } }, /only \$gt, its first operator, counts/],
    [{ x: { $not: {} } }, /nothing in it to negate/],
  ] as const) {
    const [first = '', ...more] = warningsOf(rule);
    assert.match(first, warning);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(warningsOf({ audit: 'LLMUsageAudit', tags: { $contains: null }, x: { $and: [{ $gt: 1 }] } }), []);
});

test('a list that holds anything but objects is left aside as a whole', () => {
  assert.equal(judge([{ audit: 'Other' }, 'x']).accepted, true);
  assert.equal(judge([], [{ stream: true }, null]).accepted, true);
  assert.equal(compileFilter(7, 'filtering').accepts, null);
  assert.equal(compileFilter([{ include: [] }], 'filtering').warnings.length, 1);
});

test('the extended language adds paths, null and several operators, and changes nothing else', () => {
  const extended = (rule: object): boolean => matches(rule, 'extended');
  assert.equal(extended({ 'usage.prompt_tokens': { $gt: 1 } }), true);
  assert.equal(extended({ 'nested.list.1.id': 'two' }), true);
  assert.equal(extended({ 'a.b': 'dotted' }), true, 'a field of that name comes first');
  assert.equal(extended({ error: null }), true);
  assert.equal(extended({ region: null }), false, 'missing is not null');
  assert.equal(extended({ error: { $in: [null] } }), true);
  assert.equal(extended({ usage: { prompt_tokens: { $gt: 1, $lt: 50 } } }), true);
  assert.equal(extended({ usage: { prompt_tokens: { $gt: 1, $lt: 40 } } }), false);
  assert.equal(extended({ usage: { prompt_tokens: { $not: { $gt: 1, $lt: 40 } } } }), true);
  assert.equal(extended({ tags: { $eq: ['gold', 'eu'] } }), false);
});

test('a wildcard with many stars does not stall on a long text', () => {
  const matchesText = wildcard('*a*b*c*d*e*f*');
  const begun = performance.now();
  assert.equal(matchesText('abcde'.repeat(50_000)), false);
  assert.ok(performance.now() - begun < 1000);
});

test('stars do not cross line breaks and do not overlap what stands around them', () => {
  assert.equal(wildcard('a*b')('a\nb'), false);
  assert.equal(wildcard('ab*ba')('aba'), false);
  assert.equal(wildcard('a*a*a')('aa'), false);
  assert.equal(wildcard('a*a*a')('aaa'), true);
  assert.equal(wildcard('gpt-4.1*')('gpt-421'), false);
  assert.equal(wildcard('ab|cd')('ab'), true, 'the other signs of a pattern keep their meaning');
});

const operatorNames = [
  ...[
    '$and',
    '$or',
    '$nor',
    '$in',
    '$nin',
    '$eq',
    '$ne',
    '$not',
    '$contains',
    '$all',
    '$size',
    '$exists',
    '$gt',
    '$lte',
  ],
  ...['$between', '$betweene', '$wildcard', '$regex', '$what', 'a', 'b.0', 'a.b', '__proto__', 'constructor', ''],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, 1, 2.5, '', 'a', 'a*', '[', '(?=a)*', '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);
const rule = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...operatorNames), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

test('any rules and any event: an answer, always the same, never an exception', () => {
  fc.assert(
    fc.property(
      rule,
      rule,
      rule,
      fc.constantFrom<FilterLanguage>('otoroshi', 'extended'),
      (include, exclude, source, language) => {
        for (const filtering of [include, { include: [include], exclude: [exclude] }, { include, exclude }]) {
          const filter = compileFilter(filtering, 'filtering', language);
          const verdict = filter.judge(source);
          assert.deepEqual(filter.judge(source), verdict);
          assert.equal(filter.accepts === null || filter.accepts(source), verdict.accepted);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

test('rules nested without end are left aside', () => {
  let deep: object = { $gt: 1 };
  for (let level = 0; level < 20_000; level++) deep = { $not: deep };
  const filter = compileFilter({ include: [{ x: deep }] }, 'filtering');
  assert.equal(filter.judge({ x: 1 }).accepted, false);
  assert.match(filter.warnings[0]?.message ?? '', /nested deeper/);
});
