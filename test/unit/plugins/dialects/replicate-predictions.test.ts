import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { replicatePredictions } from '../../../../plugins/dialects/replicate-predictions.ts';
import { readAnswer } from '../../../support/reading.ts';

const read = (prediction: object) => readAnswer(replicatePredictions, JSON.stringify({ id: 'p', ...prediction }));

test('a prediction that has only begun has no figures yet', () => {
  assert.partialDeepStrictEqual(read({ status: 'starting', model: 'a/b' }), {
    pending: true,
    deferred: false,
    usage: null,
  });
});

test('one that has ended has the figures that its metrics give', () => {
  const metrics = { predict_time: 1.5, input_token_count: 8, output_token_count: 0 };
  assert.partialDeepStrictEqual(read({ status: 'succeeded', model: 'a/b', output: ['H', 'i'], metrics }), {
    pending: false,
    deferred: true,
    usage: { input: 8, output: 0 },
    outputChars: 2,
    reported: metrics,
  });
});

test('seconds of computing are reported, and are no tokens', () => {
  const reading = read({ status: 'succeeded', output: 'https://files.test/a.png', metrics: { predict_time: 2 } });
  assert.partialDeepStrictEqual(reading, { usage: null, outputChars: 0, reported: { predict_time: 2 } });
});

test('the model is in the path of a model or deployment, or named by a version', () => {
  const model = (path: string, body = {}) => replicatePredictions.ask(body, path).model;
  assert.equal(model('/v1/models/meta/Llama-3/predictions'), 'meta/Llama-3');
  assert.equal(model('/v1/deployments/acme/chat/predictions'), 'acme/chat');
  assert.equal(model('/v1/predictions', { version: 'abc' }), 'abc');
});

test('a list of predictions and a cancellation are free', () => {
  assert.equal(classify('GET', '/v1/predictions', 'replicate').kind, 'free');
  assert.equal(classify('POST', '/v1/predictions/p/cancel', 'replicate').kind, 'free');
  assert.equal(classify('GET', '/v1/predictions/p', 'replicate').kind, 'fetched');
});
