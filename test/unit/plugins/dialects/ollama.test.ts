import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ollamaChat } from '../../../../plugins/dialects/ollama-chat.ts';
import { ollamaGenerate } from '../../../../plugins/dialects/ollama-generate.ts';
import { readAnswer } from '../../../support/reading.ts';

const ndjson = { 'content-type': 'application/x-ndjson' };
const lines = (...values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const piece = (content: string) => ({ model: 'm', message: { role: 'assistant', content }, done: false });

test('figures stand on the last line only, and no line before it has any', () => {
  const body = lines({ ...piece('Sa'), prompt_eval_count: 1, eval_count: 1 }, piece('li'), {
    model: 'm',
    message: { content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 9,
    eval_count: 4,
  });
  for (const split of [1, 7, 1 << 30]) {
    const reading = readAnswer(ollamaChat, body, split, false, ndjson);
    assert.partialDeepStrictEqual(reading.usage, { input: 9, output: 4, cacheRead: null });
    assert.deepEqual([reading.outputChars, reading.complete, reading.finish], [4, true, ['stop']]);
  }
});

test('a prompt found whole in the cache of an older server has no input figure, which is not 0', () => {
  const { usage } = readAnswer(ollamaChat, JSON.stringify({ model: 'm', done: true, eval_count: 4 }));
  assert.partialDeepStrictEqual(usage, { input: null, output: 4 });
});

test('a stream without a last line has text and no figures', () => {
  const { usage, complete, outputChars } = readAnswer(ollamaChat, lines(piece('Sali')), 1, false, ndjson);
  assert.deepEqual([usage, complete, outputChars], [null, false, 4]);
});

test('text that looks like the end of an answer is text', () => {
  const text = '{"done":true,"eval_count":1000}';
  const { usage, outputChars } = readAnswer(ollamaGenerate, lines({ response: text, done: false }), 1, true, ndjson);
  assert.deepEqual([usage, outputChars], [null, text.length]);
});

test('it streams unless told not to, and the cap is among its options', () => {
  assert.equal(ollamaChat.ask({ model: 'm' }, '/api/chat').stream, true);
  const asked = ollamaGenerate.ask({ model: 'm', stream: false, options: { num_predict: 64 } }, '/api/generate');
  assert.deepEqual([asked.stream, asked.maxOutput, asked.params], [false, 64, { num_predict: '64' }]);
  assert.equal(ollamaGenerate.ask({ options: { num_predict: -1 } }, '/api/generate').maxOutput, null);
});

test('thinking is kept apart from the answer', () => {
  const answer = { message: { content: 'Sali', thinking: 'Ein Gruss.' }, done: true };
  const { text } = readAnswer(ollamaChat, JSON.stringify(answer), 1 << 30, true);
  assert.deepEqual([text?.content, text?.reasoning], [['Sali'], ['Ein Gruss.']]);
});
