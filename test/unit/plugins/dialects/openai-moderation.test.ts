import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiModeration } from '../../../../plugins/dialects/openai-moderation.ts';
import { readAnswer } from '../../../support/reading.ts';

test('OpenAI’s moderation has no usage, Mistral’s has input only', () => {
  const read = (answer: object) => readAnswer(openaiModeration, JSON.stringify({ model: 'm', results: [], ...answer }));
  assert.equal(read({}).usage, null);
  assert.partialDeepStrictEqual(read({ usage: { prompt_tokens: 7 } }).usage, { input: 7, output: 0 });
});

test('nothing is generated, so nothing is estimated', () => {
  assert.equal(openaiModeration.makes, 'nothing');
  for (const path of ['/v1/moderations', '/v1/chat/moderations', '/v1/classifications'])
    assert.equal(openaiModeration.handles(path, 'mistral'), true);
});
