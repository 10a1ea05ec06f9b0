import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Seen } from '../../../../cli/demo/call.ts';
import { disagreements } from '../../../../cli/demo/check.ts';
import type { LLMUsageAudit } from '../../../../schemas/generated/types.ts';

const seen = (id: string, changes: Partial<Seen> = {}): Seen => ({
  call: { id, path: '/openai/v1/responses', headers: {}, body: null, key: 0 },
  status: 200,
  hungUp: false,
  outputTokens: 5,
  ...changes,
});

const event = (correlationId: string, changes: object = {}): LLMUsageAudit =>
  ({
    correlation_id: correlationId,
    attempt: { number: 1, of: 1 },
    status_code: 200,
    outcome: 'success',
    usage: { generation_tokens: 5 },
    costs: { total_cost: 0.5 },
    budgets: [],
    ...changes,
  }) as unknown as LLMUsageAudit;

const refusal = {
  attempt: { number: 0, of: 0 },
  outcome: 'blocked',
  status_code: 429,
  usage: { generation_tokens: null },
  costs: { total_cost: 0 },
};

test('calls and events that agree have nothing to say', () => {
  const answers = [
    seen('a'),
    seen('b', { status: 429, outputTokens: null }),
    seen('c', { hungUp: true, outputTokens: null }),
  ];
  const events = [event('a'), event('b', refusal), event('c', { outcome: 'aborted', usage: { generation_tokens: 3 } })];
  assert.deepEqual(disagreements(answers, events, 2), []);
});

test('a call without an event, with two, or of another status, ending or figure is named', () => {
  const told = (answer: Seen, ...events: LLMUsageAudit[]) =>
    disagreements([answer], events, events.length).map((text) => text.replace('call a: ', ''));
  assert.deepEqual(told(seen('a')), ['has no event']);
  assert.deepEqual(told(seen('a'), event('a'), event('a')), ['has 2 events instead of 1']);
  assert.deepEqual(told(seen('a', { status: 500 }), event('a')), ['the client saw status 500, the event has 200']);
  assert.deepEqual(told(seen('a', { hungUp: true }), event('a')), ['the client hung up, the outcome is success']);
  assert.deepEqual(told(seen('a', { outputTokens: 6 }), event('a')), [
    'the client saw 6 output tokens, the event has 5',
  ]);
});

test('a second attempt takes a second event', () => {
  const events = [
    event('a', { attempt: { number: 1, of: 2 }, status_code: 400 }),
    event('a', { attempt: { number: 2, of: 2 } }),
  ];
  assert.deepEqual(disagreements([seen('a')], events, 2), []);
  assert.equal(disagreements([seen('a')], events.slice(1), 1).length, 1);
});

test('requests that no event tells of are found at the providers', () => {
  assert.deepEqual(disagreements([seen('a')], [event('a')], 2), [
    'the providers received 2 requests, 1 events tell of one',
  ]);
});

test('a budget that has booked something else than its calls cost is named', () => {
  const booked = (usd: number) => [event('a', { budgets: [{ name: 'Team', after: { usd } }] })];
  assert.deepEqual(disagreements([seen('a')], booked(0.5), 1), []);
  assert.deepEqual(disagreements([seen('a')], booked(0.75), 1), ['budget Team: booked $0.75, its calls cost $0.5']);
});
