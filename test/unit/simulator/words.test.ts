import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sliced } from '../../../simulator/words.ts';

test('a text cut into any number of pieces is the same text again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, count) => {
      const pieces = sliced(text, count);
      assert.equal(pieces.length, count);
      assert.equal(pieces.join(''), text);
    }),
  );
});

test('no piece holds half a character', () => {
  assert.deepEqual(sliced('😀😀', 2), ['😀', '😀']);
});
