import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiRealtime } from '../../../../plugins/dialects/openai-realtime.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const session = (transcription: object | null) => ({
  type: 'session.created',
  session: { id: 's1', model: 'gpt-realtime', audio: { input: { transcription } } },
});
const done = (input: number, output: number) => ({
  type: 'response.done',
  response: {
    status: 'completed',
    output: [],
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  },
});
const heard = (usage: object) => ({ type: 'conversation.item.input_audio_transcription.completed', usage });

test('each response is a bill of its own: a session is their sum', () => {
  for (const split of [1, 1 << 20]) {
    const { usage, model } = readAnswer(openaiRealtime, sse(session(null), done(100, 20), done(130, 5)), split);
    assert.equal(model, 'gpt-realtime');
    assert.partialDeepStrictEqual(usage, { input: 230, output: 25, totalReported: 255 });
    assert.deepEqual(
      usage?.passes?.map((pass) => [pass.model, pass.usage.input]),
      [
        [null, 100],
        [null, 130],
      ],
    );
  }
});

test('what the user said is transcribed at the price of the model that did it', () => {
  const tokens = { type: 'tokens', input_tokens: 9, output_tokens: 2, total_tokens: 11 };
  const { usage } = readAnswer(openaiRealtime, sse(session({ model: 'whisper-1' }), heard(tokens), done(100, 20)));
  assert.deepEqual(
    usage?.passes?.map((pass) => pass.model),
    ['whisper-1', null],
  );
  assert.partialDeepStrictEqual(usage, { input: 109, output: 22 });
});

test('a transcription billed by its length adds seconds and no tokens', () => {
  const { usage } = readAnswer(
    openaiRealtime,
    sse(session({ model: 'whisper-1' }), heard({ type: 'duration', seconds: 2.5 })),
  );
  assert.partialDeepStrictEqual(usage, { input: null, output: null, audioSeconds: 2.5 });
});

test('a transcriber that nobody named is no model with a price', () => {
  const { usage } = readAnswer(openaiRealtime, sse(heard({ input_tokens: 9, output_tokens: 2 })));
  assert.equal(usage?.passes?.[0]?.model, 'unknown');
});

test('sound is not text', () => {
  const stream = sse(
    { type: 'response.output_audio.delta', delta: 'AAAAAAAA' },
    { type: 'response.output_audio_transcript.delta', delta: 'Aare' },
    { type: 'conversation.item.input_audio_transcription.delta', delta: 'what the user said' },
  );
  assert.equal(readAnswer(openaiRealtime, stream).outputChars, 4);
});
