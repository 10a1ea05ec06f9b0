import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiSpeech } from '../../../../plugins/dialects/openai-speech.ts';

test('what is spoken is counted by the character, not by the byte or the half of one', () => {
  const characters = (body: { [key: string]: string }) =>
    openaiSpeech.units?.(newReading(false), body)?.inputCharacters;
  assert.equal(characters({ input: 'Grüezi 😀' }), 8);
  assert.equal(characters({ text: 'abc' }), 3);
  assert.equal(characters({}), undefined);
});

test('a stream is asked for by its format', () => {
  assert.equal(openaiSpeech.ask({ stream_format: 'sse' }, '').stream, true);
  assert.equal(openaiSpeech.ask({ stream_format: 'audio' }, '').stream, false);
});
