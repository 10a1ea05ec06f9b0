import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { setTopLevelKey } from '../../../../plugins/framing/json-key.ts';

test('a key is added in front, and the rest of the text is kept to the letter', () => {
  assert.equal(
    setTopLevelKey('{"seed":9007199254740993, "t":1.0}', 'k', '{"a":1}'),
    '{"k":{"a":1},"seed":9007199254740993, "t":1.0}',
  );
  assert.equal(setTopLevelKey(' { } ', 'k', '1'), ' {"k":1 } ');
});

test('a key that stands there is replaced, also twice, and only at the top', () => {
  assert.equal(
    setTopLevelKey('{"a":{"k":1},"k":null,"b":"\\"k\\":2"}', 'k', 'true'),
    '{"a":{"k":1},"k":true,"b":"\\"k\\":2"}',
  );
  assert.equal(setTopLevelKey('{"k":[1,{"k":2}],"k":3}', 'k', '0'), '{"k":0,"k":0}');
});

test('a key that stands there a hundred thousand times, or a document of many values, takes linear time', () => {
  const bodies = [
    `{"k":0${',"k":0'.repeat(100_000)}}`,
    `{"a":[${'1,'.repeat(1 << 20)}1],"k":0}`,
    `{"a":"${'\\\\'.repeat(1 << 20)}","k":0}`,
    `{"a":"${'\\"'.repeat(1 << 20)}","k":0}`,
    `{${'"":1,'.repeat(100_000)}"k":0}`,
  ];
  for (const body of bodies) {
    const started = process.cpuUsage();
    const done = setTopLevelKey(body, 'k', '7');
    const { user } = process.cpuUsage(started);
    // Not a measurement: quadratic copying would take minutes.
    assert.ok(user < 3_000_000, `${body.slice(0, 12)}: ${user} µs`);
    assert.equal(done, body.replaceAll('"k":0', '"k":7'));
  }
});

test('for any JSON object, the result is that object with the key set', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue()),
      fc.string({ maxLength: 8 }),
      fc.integer({ min: 0, max: 2 }),
      (object, key, indent) => {
        const text = JSON.stringify(object, null, indent);
        const expected = JSON.parse(JSON.stringify(object));
        Object.defineProperty(expected, key, {
          value: { set: true },
          enumerable: true,
          configurable: true,
          writable: true,
        });
        assert.deepEqual(JSON.parse(setTopLevelKey(text, key, '{"set":true}')), expected);
      },
    ),
    { numRuns: 1000 },
  );
});
