import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '../../../simulator/memory.ts';

test('each prompt is counted by itself', () => {
  const memory = createMemory(1);
  assert.deepEqual([memory.ordinal('a'), memory.ordinal('b'), memory.ordinal('a')], [0, 0, 1]);
});

test('kept answers are bounded: the oldest is forgotten first', () => {
  const memory = createMemory(1);
  for (let i = 0; i <= 256; i++) memory.keep(`resp_${i}`, `${i}`);
  assert.deepEqual([memory.kept('resp_0'), memory.kept('resp_1'), memory.kept('resp_256')], [undefined, '1', '256']);
});
