import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mismatches } from '../../../../cli/demo/expected.ts';
import type { LLMUsageAudit } from '../../../../schemas/generated/types.ts';

const event = (changes: { usage?: object; model?: string; finish_reasons?: string[]; error?: object | null } = {}) =>
  ({
    model: 'm-1',
    finish_reasons: ['stop'],
    error: null,
    ...changes,
    usage: {
      prompt_tokens: 10,
      generation_tokens: 5,
      cache_read_tokens: null,
      source: 'provider',
      reported: {},
      ...changes.usage,
    },
  }) as unknown as LLMUsageAudit;

const right = { model: 'm-1', input_tokens: 10, output_tokens: 5, finish_reasons: ['stop'], error: null };

test('an event that says what is expected has no mismatch', () => {
  assert.deepEqual(mismatches(event(), right, {}), []);
  assert.deepEqual(mismatches(event(), { input_tokens: 10 }, {}), [], 'what is not expected is not compared');
});

test('every figure, the model, the reasons and the error are compared', () => {
  const wrong = {
    ...right,
    model: 'm-2',
    input_tokens: 11,
    cached_input_tokens: 0,
    finish_reasons: ['length'],
    error: { type: 'x' },
  };
  assert.deepEqual(
    mismatches(event(), wrong, {}).map(({ field }) => field),
    ['usage.prompt_tokens', 'usage.cache_read_tokens', 'model', 'finish_reasons', 'error'],
  );
  const error = { type: 'overloaded_error' };
  assert.deepEqual(mismatches(event({ error }), { ...right, error: { type: 'api_error' } }, {}), [
    { field: 'error.type', expected: 'api_error', got: 'overloaded_error' },
  ]);
});

test('another accepted value is right, an unknown figure is not', () => {
  const other = { input_tokens: [8] };
  assert.deepEqual(mismatches(event({ usage: { prompt_tokens: 8 } }), right, other), []);
  assert.equal(mismatches(event({ usage: { prompt_tokens: null } }), right, other).length, 1);
  assert.equal(mismatches(event({ usage: { prompt_tokens: null } }), right, {}).length, 1);
});

test('where no tokens are expected, the provider cannot have given any', () => {
  const silent = { input_tokens: null, output_tokens: null };
  assert.equal(mismatches(event(), silent, {})[0]?.field, 'usage.source');
  assert.deepEqual(mismatches(event({ usage: { source: 'estimated' } }), silent, {}), []);
});

test('of several passes the cache figures may be those of all', () => {
  const passes = [{ cache_creation_input_tokens: 40 }, { cache_creation_input_tokens: 2 }];
  const expected = { ...right, cache_write_tokens: 0, iterations: [{}, {}] };
  const said = (written: number) => event({ usage: { cache_write_tokens: written, reported: { iterations: passes } } });
  assert.deepEqual(mismatches(said(42), expected, {}), []);
  assert.equal(mismatches(said(41), expected, {}).length, 1);
});
