import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSimulate, simulateHeader } from '../../../simulator/simulate-header.ts';

test('without the header nothing is decided', () => {
  assert.deepEqual(parseSimulate(undefined), {});
});

test('every key is taken as it stands', () => {
  const all = {
    status: 503,
    delay_ms: 5,
    chunk_delay_ms: 1,
    chunks: 3,
    usage: null,
    cut_after_chunks: 1,
    error_after_chunks: 2,
    headers: { 'x-extra': 'yes' },
    body: [1],
    text: 'hi',
    model: 'm',
    gzip: true,
    replay: 'id',
    split: 1,
  };
  assert.deepEqual(parseSimulate(JSON.stringify(all)), all);
});

const refusals: readonly [header: string, reason: RegExp][] = [
  ['{', /not a JSON object/],
  ['[1]', /not a JSON object/],
  ['{"statu":500}', /unknown key "statu"; known are status, delay_ms/],
  ['{"status":99}', /"status" must be an integer from 200 to 599/],
  ['{"chunks":1.5}', /"chunks" must be an integer/],
  ['{"delay_ms":"5"}', /"delay_ms" must be an integer/],
  ['{"usage":7}', /"usage" must be an object or null/],
  ['{"headers":{"a b":"c"}}', /"headers" must be an object of valid header names/],
  ['{"headers":{"a":"b\\nc"}}', /"headers" must be/],
  ['{"gzip":1}', /"gzip" must be true or false/],
  ['{"split":0}', /"split" must be an integer from 1/],
  ['{"toString":1}', /unknown key "toString"/],
];

for (const [header, reason] of refusals) {
  test(`${header} is refused with the reason`, () => {
    const refused = parseSimulate(header);
    assert.ok(typeof refused === 'string');
    assert.match(refused, reason);
  });
}

test('no header whatever makes it throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (header) => void parseSimulate(header)));
});

test('what is written into the header is read from it, in ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const header = simulateHeader({ text });
      assert.match(header, /^[\x20-\x7f]*$/);
      assert.deepEqual(parseSimulate(header), { text });
    }),
  );
});
