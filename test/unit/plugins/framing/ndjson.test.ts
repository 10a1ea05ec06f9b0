import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NdjsonReader } from '../../../../plugins/framing/ndjson.ts';

const read = (bytes: Uint8Array, split: number) => {
  const texts: string[] = [];
  const reader = new NdjsonReader((_name, text) => texts.push(text));
  for (let at = 0; at < bytes.length; at += split) reader.push(bytes.subarray(at, at + split));
  reader.end();
  return { texts, lost: reader.lost };
};

test('each line is one value, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (values, end, ended, split) => {
        const text = values.map((value) => JSON.stringify(value)).join(end) + (ended ? end : '');
        assert.deepEqual(
          read(Buffer.from(text), split).texts.map((line) => JSON.parse(line)),
          JSON.parse(JSON.stringify(values)),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('a record separator in front of each value is left out', () => {
  assert.deepEqual(read(Buffer.from('\u001e{"a":1}\n\u001e{"a":2}\n'), 3).texts, ['{"a":1}', '{"a":2}']);
});

test('a line of megabytes is made small, and the lines behind it are read', () => {
  const long = JSON.stringify({ image: 'A'.repeat(3 << 20), done: true });
  const { texts, lost } = read(Buffer.from(`{"a":1}\n${long}\n${'x'.repeat(2 << 20)}\n{"b":2}\n`), 1 << 16);
  assert.deepEqual(
    texts.map((text) => text.length < 2000),
    [true, true, true],
  );
  assert.equal(JSON.parse(texts[1] ?? '').done, true);
  assert.equal(texts[2], '{"b":2}');
  assert.equal(lost, 1);
});
