import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiTranscription } from '../../../../plugins/dialects/openai-transcription.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const read = (answer: object) => readAnswer(openaiTranscription, JSON.stringify(answer));
const tokens = { type: 'tokens', input_tokens: 14, output_tokens: 3, total_tokens: 17 };

for (const [what, answer, seconds] of [
  ['in usage', { text: 'a', usage: { type: 'duration', seconds: 9 } }, 9],
  ['with a fraction', { text: 'a', duration: 3.75 }, 3.75],
  ['as text', { text: 'a', duration: '3.75' }, 3.75],
  ['twice, where usage counts', { text: 'a', duration: 8.47, usage: { type: 'duration', seconds: 9 } }, 9],
] as const) {
  test(`seconds are read ${what}`, () => {
    assert.partialDeepStrictEqual(read(answer).usage, { input: null, output: null, audioSeconds: seconds });
  });
}

test('where tokens are billed, the length is no figure of the bill', () => {
  assert.partialDeepStrictEqual(read({ text: 'a', duration: 4.2, usage: tokens }).usage, {
    input: 14,
    output: 3,
    audioSeconds: null,
  });
});

test('a length that cannot be is null and marked', () => {
  for (const duration of [-1, 1e300, 'long', {}]) {
    const { usage, invalid } = read({ text: 'a', duration });
    assert.equal(usage, null);
    assert.equal(invalid, true);
  }
});

test('plain text and subtitles say nothing', () => {
  for (const body of [
    'The Aare.',
    '1\n00:00:00,000 --> 00:00:01,000\nThe Aare.\n',
    'WEBVTT\n\n00:00.000 --> 00:01.000\nA',
  ])
    assert.partialDeepStrictEqual(readAnswer(openaiTranscription, body), { usage: null, error: null });
});

test('the text of the last event is counted only where no pieces came', () => {
  const done = { type: 'transcript.text.done', text: 'The Aare.', usage: tokens };
  const pieces = sse(
    { type: 'transcript.text.delta', delta: 'The ' },
    { type: 'transcript.text.delta', delta: 'Aare.' },
    done,
  );
  const segments = sse({ type: 'transcript.text.segment', text: 'The Aare.', speaker: 'A' }, done);
  for (const stream of [pieces, segments])
    for (const split of [1, 1 << 20])
      assert.partialDeepStrictEqual(readAnswer(openaiTranscription, stream, split), {
        outputChars: 9,
        complete: true,
        usage: { input: 14, output: 3 },
      });
});
