import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSimulate } from '../../../simulator/simulate-header.ts';
import { mixedCalls } from '../../../simulator/traffic.ts';

const calls = mixedCalls(1, 200);

const count = (test: (call: (typeof calls)[number]) => boolean): number => calls.filter(test).length;

const simulated = (call: (typeof calls)[number]) => {
  const simulate = parseSimulate(call.headers['x-simulate']);
  return typeof simulate === 'string' ? assert.fail(simulate) : simulate;
};

test('the same seed gives the same calls, and every body differs', () => {
  assert.deepEqual(calls, mixedCalls(1, 200));
  assert.notDeepEqual(calls, mixedCalls(2, 200));
  assert.equal(new Set(calls.map(({ body }) => body)).size, 200);
});

test('every API is there, streamed and not, for each of three consumers', () => {
  for (const api of ['openai-chat', 'openai-responses', 'anthropic-messages']) {
    for (const streamed of [true, false]) {
      for (const key of [0, 1, 2]) {
        const some = count(
          (call) => call.api === api && call.key === key && call.body.includes('"stream":true') === streamed,
        );
        assert.ok(some > 0, `${api} ${streamed} ${key}`);
      }
    }
  }
});

test('exactly one client hangs up, in the middle of a stream that would succeed', () => {
  const leaving = calls.filter((call) => call.hangUpAfterChunks !== undefined);
  assert.equal(leaving.length, 1);
  assert.match(leaving[0]?.body ?? '', /"stream":true/);
  assert.equal(leaving[0] && simulated(leaving[0]).status, undefined);
});

test('a few calls fail: 429, 500 and 400', () => {
  const statuses = calls.map((call) => simulated(call).status).filter((status) => status !== undefined);
  assert.deepEqual([...new Set(statuses)].sort(), [400, 429, 500]);
  assert.ok(statuses.length >= 5 && statuses.length <= 10);
});

test('no call carries a credential', () => {
  for (const { headers } of calls) {
    assert.deepEqual(
      Object.keys(headers).filter((name) => /authorization|api-key/.test(name)),
      [],
    );
  }
});
