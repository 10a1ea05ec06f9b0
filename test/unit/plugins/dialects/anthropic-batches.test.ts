import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropicBatches } from '../../../../plugins/dialects/anthropic-batches.ts';
import { anthropicMessages } from '../../../../plugins/dialects/anthropic-messages.ts';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { readAnswer } from '../../../support/reading.ts';

const succeeded = (usage: object, model = 'claude-m') => ({
  type: 'succeeded',
  message: { type: 'message', model, content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage },
});
const results = (...list: object[]) =>
  readAnswer(
    anthropicBatches,
    list.map((result, index) => `${JSON.stringify({ custom_id: String(index), result })}\n`).join(''),
    undefined,
    false,
    { 'content-type': 'application/x-jsonl' },
  );

test('the answers of a batch add up, in one model or several', () => {
  const usage = { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 5, service_tier: 'batch' };
  const one = results(succeeded(usage), succeeded(usage), { type: 'canceled' });
  assert.partialDeepStrictEqual(one, {
    model: 'claude-m',
    deferred: true,
    usage: { input: 30, output: 40, cacheRead: 10, serviceTier: 'batch' },
  });
  const two = results(succeeded(usage), succeeded(usage, 'claude-n'), succeeded(usage));
  assert.equal(two.model, null);
  assert.deepEqual(
    two.usage?.passes?.map(({ model, usage: { input } }) => [model, input]),
    [
      ['claude-m', 30],
      ['claude-n', 15],
    ],
  );
});

test('short answers never add up to one that a long-context price applies to', () => {
  const short = succeeded({ input_tokens: 60_000, output_tokens: 1 });
  const { usage } = results(short, short, short, succeeded({ input_tokens: 500_000, output_tokens: 1 }), short);
  assert.equal(usage?.input, 740_000);
  assert.deepEqual(
    usage?.passes?.map((pass) => pass.usage.input),
    [60_000, 60_000, 60_000, 500_000, 60_000],
  );
});

test('a batch in which nothing succeeded has no usage', () => {
  const { usage, error } = results({ type: 'errored', error: { type: 'error', error: { type: 'x', message: 'y' } } });
  assert.deepEqual([usage, error], [null, null]);
});

test('an order is no call of the Messages API, and its results alone are fetched', () => {
  const path = '/v1/messages/batches';
  assert.equal(anthropicMessages.handles(path, 'anthropic'), false);
  assert.partialDeepStrictEqual(classify('POST', path, 'anthropic'), { kind: 'metered', dialect: anthropicBatches });
  assert.partialDeepStrictEqual(classify('GET', `${path}/b1/results`, 'anthropic'), { kind: 'fetched' });
  for (const [method, place] of [
    ['GET', path],
    ['GET', `${path}/b1`],
    ['POST', `${path}/b1/cancel`],
    ['DELETE', `${path}/b1`],
  ] as const)
    assert.deepEqual(classify(method, place, 'anthropic'), { kind: 'free' }, `${method} ${place}`);
});

test('an order names its model where all its requests name the same', () => {
  const order = (...models: string[]) =>
    anthropicBatches.ask({ requests: models.map((model) => ({ custom_id: model, params: { model } })) }, '');
  assert.partialDeepStrictEqual(order('a', 'a'), { model: 'a', deferred: true });
  assert.equal(order('a', 'b').model, null);
  assert.equal(order().model, null);
});
