import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closed } from '../../../../plugins/framing/cut-json.ts';

test('what was complete stays, a text stays as far as it came, and half a number is none', () => {
  for (const [cut, whole] of [
    ['{', {}],
    ['{"a', {}],
    ['{"a"', {}],
    ['{"a":', {}],
    ['{"a":"b', { a: 'b' }],
    ['{"a":"b\\', { a: 'b' }],
    ['{"a":"b\\"c\\u00', { a: 'b"c' }],
    ['{"a":12', {}],
    ['{"a":12,', { a: 12 }],
    ['{"a":12,"b', { a: 12 }],
    ['{"a":[1,2,tru', { a: [1, 2] }],
    ['[{"a":{"b":null ', [{ a: { b: null } }]],
    ['{"a":[{"b":"c"},', { a: [{ b: 'c' }] }],
    ['{"a":1} and more', { a: 1 }],
  ] as const)
    assert.deepEqual(JSON.parse(closed(cut) ?? ''), whole, cut);
  for (const none of ['', 'abc', '"abc', '12', '<html>']) assert.equal(closed(none), null, none);
});

test('any JSON object, cut anywhere, can be read', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, place) => {
      const text = JSON.stringify(value);
      const cut = text.slice(0, 1 + (place % text.length));
      assert.equal(typeof JSON.parse(closed(cut) ?? ''), 'object');
    }),
  );
});

test('a text made to slow it is closed in linear time', () => {
  for (const unit of ['[', '{"a":', '"', '\\', '[1,', '{"a":"\\u', ' ']) {
    const started = process.cpuUsage();
    closed(`[${unit.repeat((1 << 20) / unit.length)}`);
    const { user } = process.cpuUsage(started);
    assert.ok(user < 1_000_000, `${unit}: ${user} µs`);
  }
});
