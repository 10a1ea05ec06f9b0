import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiRefusal, readOpenaiError } from '../../../../plugins/dialects/openai-error.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';

const errorOf = (answer: JsonObject) => {
  const reading = newReading(false);
  readOpenaiError(reading, answer);
  return reading.error;
};

for (const [who, answer, error] of [
  ['OpenAI', { error: { message: 'no', type: 't', param: null, code: 'c' } }, { type: 't', code: 'c', message: 'no' }],
  ['OpenRouter', { error: { message: 'no', code: 402 } }, { type: null, code: '402', message: 'no' }],
  ['xAI', { code: 'not found', error: 'no' }, { type: null, code: 'not found', message: 'no' }],
  ['Hugging Face', { error: 'no', error_type: 'overloaded' }, { type: 'overloaded', code: null, message: 'no' }],
  ['Mistral', { object: 'error', message: 'no', type: 't', code: 3051 }, { type: 't', code: '3051', message: 'no' }],
  ['Cerebras', { message: 'no', type: 't', param: 'p', code: 'c' }, { type: 't', code: 'c', message: 'no' }],
  ['a gateway', { message: 'Unauthorized', request_id: 'r' }, { type: null, code: null, message: 'Unauthorized' }],
  ['FastAPI', { detail: [{ type: 'missing', loc: [], msg: 'no' }] }, { type: 'missing', code: null, message: 'no' }],
  ['FastAPI in a word', { detail: 'Not Found' }, { type: null, code: null, message: 'Not Found' }],
] as const) {
  test(`an error is read as ${who} says it`, () => {
    assert.deepEqual(errorOf(answer as unknown as JsonObject), error);
  });
}

test('an answer that is none is no error', () => {
  for (const answer of [
    {},
    { error: null },
    { choices: [], message: 'hello' },
    { object: 'list', data: [] },
    { detail: [] },
    { detail: 7 },
  ])
    assert.equal(errorOf(answer), null, JSON.stringify(answer));
});

test('a wrong key is refused as OpenAI refuses it', () => {
  assert.deepEqual(openaiRefusal({ status: 401, code: 'invalid_api_key', message: 'no' }), {
    error: { message: 'no', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
  });
});
