import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask } from '../../../simulator/ask.ts';
import { plan } from '../../../simulator/plan.ts';
import { createRandom } from '../../../simulator/random.ts';
import type { Simulate } from '../../../simulator/simulate-header.ts';

const ask: Ask = {
  model: 'gpt-4o-mini',
  prompt: 'x'.repeat(400),
  stream: true,
  maxTokens: null,
  choices: 1,
  tool: null,
  cache: 'automatic',
  body: {},
};

const planned = (changes: Partial<Ask> = {}, simulate: Simulate = {}, seed = 1) =>
  plan({ ...ask, ...changes }, simulate, createRandom(seed));

/** The plans of many seeds: what chance may do. */
const many = (changes: Partial<Ask>) => Array.from({ length: 60 }, (_, seed) => planned(changes, {}, seed));

test('input tokens follow from the length of the prompt, output tokens from the pieces', () => {
  const { counts, pieces, stop } = planned();
  assert.equal(counts.input, 100);
  assert.equal(counts.output, pieces.length);
  assert.equal(stop, 'end');
});

test('a limit cuts the answer and is the reason why it stopped', () => {
  const { counts, pieces, stop } = planned({ maxTokens: 5 });
  assert.deepEqual([pieces.length, counts.output, stop], [5, 5, 'length']);
});

test('reasoning counts against the limit, and may leave no room for words', () => {
  for (const { counts, pieces } of many({ model: 'o4-mini', maxTokens: 100 })) {
    assert.ok(counts.output <= 100);
    assert.equal(counts.output, counts.reasoning + pieces.length);
  }
  assert.ok(many({ model: 'gpt-5-mini' }).some(({ counts }) => counts.reasoning > 0));
  assert.ok(many({ model: 'gpt-4.1' }).every(({ counts }) => counts.reasoning === 0));
});

test('long prompts are sometimes read from the cache, short ones never', () => {
  const long = many({ prompt: 'x'.repeat(10_000) });
  assert.ok(long.some(({ counts }) => counts.cacheRead > 0));
  assert.ok(long.some(({ counts }) => counts.cacheRead === 0));
  assert.ok(long.every(({ counts }) => counts.cacheRead <= counts.input && counts.cacheRead % 128 === 0));
  assert.ok(many({}).every(({ counts }) => counts.cacheRead === 0));
});

test('a marked prompt is written to the cache or read from it, an unmarked one neither', () => {
  const marked = many({ prompt: 'x'.repeat(10_000), cache: 'marked' });
  assert.ok(marked.some(({ counts }) => counts.cacheWrite > 0));
  assert.ok(marked.some(({ counts }) => counts.cacheRead > 0));
  assert.ok(marked.every(({ counts }) => counts.cacheRead + counts.cacheWrite < counts.input));
  const unmarked = many({ prompt: 'x'.repeat(10_000), cache: 'none' });
  assert.ok(unmarked.every(({ counts }) => counts.cacheRead + counts.cacheWrite === 0));
});

test('what x-simulate asks for is not cut to the limit', () => {
  assert.deepEqual(planned({ maxTokens: 5 }, { chunks: 20 }).pieces.length, 20);
  assert.deepEqual(planned({ maxTokens: 1 }, { text: 'exactly this', chunks: 3 }).pieces, ['exac', 'tly ', 'this']);
  assert.equal(planned({}, { text: '' }).counts.output, 0);
});

test('a tool is called with JSON arguments, but in words where the limit leaves no room for them', () => {
  const tool = { name: 'weather', schema: { type: 'object', properties: { city: { type: 'string' } } } };
  const { pieces, stop } = planned({ tool });
  assert.deepEqual([JSON.parse(pieces.join('')), stop], [{ city: 'example' }, 'tool']);
  const short = planned({ tool, maxTokens: 1 });
  assert.deepEqual([short.tool, short.stop], [null, 'length']);
});

test('every choice has its own tokens', () => {
  const { pieces, counts } = planned({ choices: 3 }, { chunks: 4 });
  assert.deepEqual([pieces.length, counts.output], [12, 12]);
});

test('a stream that is to break keeps the pieces before and counts the whole answer', () => {
  const cut = planned({}, { chunks: 10, cut_after_chunks: 4 });
  assert.deepEqual([cut.pieces.length, cut.ending, cut.counts.output], [4, 'cut', 10]);
  const failing = planned({}, { chunks: 10, error_after_chunks: 0 });
  assert.deepEqual([failing.pieces.length, failing.ending], [0, 'error']);
  assert.equal(planned({ stream: false }, { chunks: 10, cut_after_chunks: 4 }).pieces.length, 10);
});

test('an alias answers under its dated name, an unknown model under its own', () => {
  assert.equal(planned().model, 'gpt-4o-mini-2024-07-18');
  assert.equal(planned({ model: 'house-model' }).model, 'house-model');
  assert.equal(planned({}, { model: 'other' }).model, 'other');
});
