import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, hash } from '../../../simulator/random.ts';

test('the same seed gives the same sequence, another seed another one', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return [random.next(), random.integer(0, 9), random.letters(12), random.hex(8), random.pick(['a', 'b', 'c'])];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('integers cover exactly the range that is asked for', () => {
  const random = createRandom(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(3, 6)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
});

test('a hash depends on the text and on the seed', () => {
  assert.equal(hash('hello', 1), hash('hello', 1));
  assert.notEqual(hash('hello', 1), hash('hello', 2));
  assert.notEqual(hash('hello'), hash('hellp'));
});
