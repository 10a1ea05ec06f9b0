import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonArrayReader } from '../../../../plugins/framing/json-array.ts';

const read = (bytes: Uint8Array, split: number) => {
  const texts: string[] = [];
  const reader = new JsonArrayReader((_name, text) => texts.push(text));
  for (let at = 0; at < bytes.length; at += split) reader.push(bytes.subarray(at, at + split));
  reader.end();
  return { texts, lost: reader.lost };
};

test('each element is one value, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 1, max: 9 }),
      (values, indent, split) => {
        const { texts } = read(Buffer.from(JSON.stringify(values, null, indent)), split);
        assert.deepEqual(
          texts.map((text) => JSON.parse(text)),
          JSON.parse(JSON.stringify(values)),
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('an element is given as soon as it is complete', () => {
  const texts: string[] = [];
  const reader = new JsonArrayReader((_name, text) => texts.push(text));
  reader.push(Buffer.from('[{"a":"x,]\\""}\n,\r\n{"b":'));
  assert.deepEqual(texts, ['{"a":"x,]\\""}']);
  reader.push(Buffer.from('2}'));
  reader.push(Buffer.from(']'));
  assert.deepEqual(texts, ['{"a":"x,]\\""}', '{"b":2}']);
});

test('an element of megabytes is made small, and those behind it are read', () => {
  const array = JSON.stringify([{ image: 'A'.repeat(3 << 20), n: 1 }, { n: 2 }]);
  const { texts } = read(Buffer.from(array), 1 << 16);
  assert.deepEqual(
    texts.map((text) => JSON.parse(text).n),
    [1, 2],
  );
  assert.ok((texts[0] ?? '').length < 2000);
});

test('bytes that are no array never throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'[]{},"\\ 1a') }), (text) => void read(Buffer.from(text), 2)),
  );
});
