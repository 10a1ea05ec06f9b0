import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../../../exporters/elastic/nodes.ts';

test('nodes are taken in turn, the others being there for when the first one fails', () => {
  const nodes = new Nodes(['a', 'b', 'c'], () => 0);
  assert.deepEqual(
    [nodes.order(), nodes.order(), nodes.order(), nodes.order()],
    [
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
      ['a', 'b', 'c'],
    ],
  );
});

test('a node that fails is left out for longer and longer, until it answers', () => {
  let now = 0;
  const nodes = new Nodes(['a', 'b'], () => now);
  const isAsked = (): boolean => nodes.order().includes('a');
  nodes.failed('a');
  assert.equal(isAsked(), false);
  now += 5_000;
  assert.equal(isAsked(), true);
  nodes.failed('a');
  now += 9_999;
  assert.equal(isAsked(), false);
  now += 1;
  assert.equal(isAsked(), true);
  for (let time = 0; time < 100; time++) nodes.failed('a');
  now += 5 * 60_000;
  assert.equal(isAsked(), true);
  nodes.answered('a');
  nodes.failed('a');
  now += 5_000;
  assert.equal(isAsked(), true);
});

test('when all of them rest, the one that is up next is asked all the same', () => {
  let now = 0;
  const nodes = new Nodes(['a', 'b'], () => now);
  nodes.failed('b');
  now += 1_000;
  nodes.failed('a');
  assert.deepEqual([nodes.order(), nodes.order()], [['b'], ['b']]);
});
