import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiEmbeddings } from '../../../../plugins/dialects/openai-embeddings.ts';
import { readAnswer } from '../../../support/reading.ts';

const usageOf = (usage: object) =>
  readAnswer(openaiEmbeddings, JSON.stringify({ object: 'list', data: [], model: 'm', usage })).usage;

test('all tokens are input, and the output is zero', () => {
  assert.partialDeepStrictEqual(usageOf({ prompt_tokens: 4, total_tokens: 4 }), { input: 4, output: 0 });
  assert.partialDeepStrictEqual(usageOf({ total_tokens: 4 }), { input: 4, output: 0 });
  assert.partialDeepStrictEqual(usageOf({ prompt_tokens: 0, total_tokens: 0 }), { input: 0, output: 0 });
});

test('no figures are no usage', () => {
  assert.equal(usageOf({}), null);
  assert.equal(usageOf({ total_tokens: -4 }), null);
});

test('Ollama’s own embeddings are not taken for OpenAI’s', () => {
  assert.equal(openaiEmbeddings.handles('/api/embeddings', 'ollama'), false);
  assert.equal(openaiEmbeddings.handles('/api/v1/embeddings', 'openrouter'), true);
});
