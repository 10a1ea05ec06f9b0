import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf, label, labels, name } from '../../../../plugins/redaction/identifiers.ts';

test('a usage object keeps its figures and short names, whatever their depth within reason', () => {
  const usage = { prompt_tokens: 3, details: { cached: null, modality: 'TEXT' }, list: [{ tokens: 1 }], flag: true };
  assert.deepEqual(figuresOf(usage), usage);
  assert.equal(figuresOf(null), null);
});

test('a usage object cannot carry a document, a secret or a prototype', () => {
  const secret = `sk-${'z'.repeat(30)}`;
  const hostile = JSON.parse(
    `{"__proto__":{"x":1},"a":"${'t'.repeat(5000)}","b":"${secret}","${secret}":1,"d":{"d":{"d":{"d":{"d":{"d":1}}}}}}`,
  );
  const text = JSON.stringify(figuresOf(hostile));
  assert.ok(text.length < 500, text);
  assert.doesNotMatch(text, /zzz/);
  assert.equal(({} as { x?: number }).x, undefined);
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, [i, i, i]]));
  assert.ok(JSON.stringify(figuresOf(wide)).length < 5000);
});

test('identifiers are cut and scrubbed, the cut never keeping half a secret', () => {
  assert.equal(label('x'.repeat(1000)).length, 256);
  assert.doesNotMatch(label(`${'m'.repeat(250)} sk-${'z'.repeat(30)}`), /zz/);
  assert.deepEqual(labels(['a', 'b', 'c'], 2), ['a', 'b']);
});

test('a name that was cut for a short field is whole again in a longer one', () => {
  const text = 'a-name-of-forty-characters-or-thereabouts';
  assert.equal(name(text, 32), text.slice(0, 32));
  assert.equal(name(text, 64), text);
});
