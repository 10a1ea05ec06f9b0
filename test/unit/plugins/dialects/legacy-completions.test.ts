/** Anthropic's and Aleph Alpha's completions: two APIs whose paths end alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ai21Complete } from '../../../../plugins/dialects/ai21-complete.ts';
import { alephAlphaComplete } from '../../../../plugins/dialects/aleph-alpha-complete.ts';
import { anthropicComplete } from '../../../../plugins/dialects/anthropic-complete.ts';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

test('each path is taken for the API that it is of', () => {
  assert.partialDeepStrictEqual(classify('POST', '/v1/complete', 'anthropic'), { dialect: anthropicComplete });
  assert.partialDeepStrictEqual(classify('POST', '/prefix/complete', 'aleph-alpha'), { dialect: alephAlphaComplete });
  assert.partialDeepStrictEqual(classify('POST', '/studio/v1/j2-mid/complete', 'ai21'), { dialect: ai21Complete });
  assert.partialDeepStrictEqual(classify('POST', '/complete', 'openai-compatible'), { kind: 'unknown' });
});

test('skimmed or taken apart, whole or byte by byte, a stream of completions reads the same', () => {
  const piece = (completion: string, stop_reason: string | null = null) => ({
    type: 'completion',
    id: 'compl',
    completion,
    stop_reason,
    model: 'claude-m',
  });
  const stream = sse(piece(' Light'), piece(' "scatters"'), { type: 'ping' }, piece('', 'stop_sequence'));
  assert.equal(readAnswer(anthropicComplete, stream, undefined, true).text?.content.join(''), ' Light "scatters"');
  for (const split of [1, 9, 1 << 20])
    assert.partialDeepStrictEqual(readAnswer(anthropicComplete, stream, split), {
      model: 'claude-m',
      usage: null,
      finish: ['stop_sequence'],
      complete: true,
    });
});

test('a stream cut before its stop reason is not complete', () => {
  const cut = sse({ type: 'completion', completion: 'Hi', stop_reason: null, model: 'claude-m' });
  assert.partialDeepStrictEqual(readAnswer(anthropicComplete, cut), { complete: false, outputChars: 2 });
});

test('pictures in a prompt are not taken for text', () => {
  const prompt = [
    { type: 'text', data: 'What is it?' },
    { type: 'image', data: 'aGVsbG8=' },
  ];
  assert.equal(alephAlphaComplete.ask({ model: 'm', prompt }, '/complete').prompt, 'What is it?');
});
