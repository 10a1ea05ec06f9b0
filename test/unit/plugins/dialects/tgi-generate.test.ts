import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { tgiGenerate } from '../../../../plugins/dialects/tgi-generate.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

test('what the body says replaces what the headers said, figure by figure', () => {
  const reading = newReading(false);
  tgiGenerate.head?.(reading, { 'x-prompt-tokens': '3', 'x-generated-tokens': '5' });
  tgiGenerate.whole(reading, { generated_text: 'x', details: { finish_reason: 'length', generated_tokens: 6 } });
  assert.partialDeepStrictEqual(reading.usage, { input: 3, output: 6 });
  assert.deepEqual(reading.reported, { 'x-prompt-tokens': '3', 'x-generated-tokens': '5', generated_tokens: 6 });
});

test('an empty prefill means that nobody asked for it, not that the prompt was empty', () => {
  const { usage } = readAnswer(tgiGenerate, JSON.stringify({ details: { generated_tokens: 6, prefill: [] } }));
  assert.partialDeepStrictEqual(usage, { input: null, output: 6 });
});

test('headers that are no counts mark the reading', () => {
  const reading = newReading(false);
  tgiGenerate.head?.(reading, { 'x-prompt-tokens': 'many' });
  assert.deepEqual([reading.usage, reading.invalid], [null, true]);
});

test('marks of the model are no text', () => {
  const token = (text: string, special: boolean) => ({
    index: 1,
    token: { id: 1, text, logprob: 0, special },
    generated_text: null,
    details: null,
  });
  for (const keep of [true, false]) {
    const reading = readAnswer(tgiGenerate, sse(token('Sali', false), token('</s>', true)), 1, keep);
    assert.equal(reading.outputChars, 4);
  }
});

test('its root and its models are calls only where nothing else is served', () => {
  const kindOf = (path: string, kind: string) => classify('POST', path, kind).kind;
  for (const path of ['/', '/generate', '/generate_stream', '/models/a/model']) {
    assert.equal(kindOf(path, 'tgi'), 'metered', path);
    assert.equal(kindOf(path, 'huggingface'), 'metered', path);
  }
  assert.equal(kindOf('/', 'openai'), 'unknown');
  assert.equal(kindOf('/generate', 'vllm'), 'unknown');
  assert.equal(kindOf('/tokenize', 'tgi'), 'free');
});
