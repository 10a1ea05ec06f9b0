/** An answer in one piece that breaks off: never free, and told by what came of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../../plugins/wire.ts';
import type { Attempt } from '../../../support/attempt.ts';
import { eventOf } from '../../../support/attempt.ts';

const said = 'The quick brown fox jumps over the lazy dog. '.repeat(8);
const answers: Record<string, Omit<Attempt, 'answer'> & { answer: { model: string; [key: string]: Json } }> = {
  'Chat Completions': {
    path: '/v1/chat/completions',
    body: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Tell me a story' }] },
    answer: {
      id: 'c',
      model: 'gpt-4o-2024-08-06',
      choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 90, total_tokens: 100 },
    },
  },
  Responses: {
    path: '/v1/responses',
    body: { model: 'gpt-4o', input: 'Tell me a story' },
    answer: {
      id: 'r',
      object: 'response',
      status: 'completed',
      model: 'gpt-4o-2024-08-06',
      output: [{ type: 'message', content: [{ type: 'output_text', text: said }] }],
      usage: { input_tokens: 10, output_tokens: 90, total_tokens: 100 },
    },
  },
  'Anthropic Messages': {
    vendor: 'anthropic',
    path: '/v1/messages',
    body: { model: 'claude-opus-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Tell me a story' }] },
    answer: {
      id: 'm',
      type: 'message',
      model: 'claude-opus-4-5-20251101',
      content: [{ type: 'text', text: said }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 90 },
    },
  },
};

for (const [name, { answer, ...call }] of Object.entries(answers)) {
  const whole = JSON.stringify(answer);
  const half = whole.slice(0, whole.indexOf(said) + said.length / 2);
  for (const ending of ['upstream_reset', 'client_gone', 'upstream_timeout', 'complete'] as const)
    test(`${name}: a JSON answer cut in the middle (${ending}) is estimated from the text seen`, async () => {
      const { usage, cost_status, costs, model } = await eventOf({ ...call, answer: [half], ending });
      assert.equal(usage.source, 'estimated');
      assert.ok((usage.prompt_tokens ?? 0) > 3, `${usage.prompt_tokens}`);
      assert.ok(
        (usage.generation_tokens ?? 0) > 30 && (usage.generation_tokens ?? 0) < 100,
        `${usage.generation_tokens}`,
      );
      assert.equal(cost_status, 'priced');
      assert.ok((costs?.total_cost ?? 0) > 0);
      assert.equal(model, answer.model);
    });

  test(`${name}: a JSON answer cut anywhere is never free, and half a figure is none`, async () => {
    for (let at = 1; at < whole.length; at += 7) {
      const { usage, costs, cost_status } = await eventOf({
        ...call,
        answer: [whole.slice(0, at)],
        ending: 'upstream_reset',
      });
      assert.notEqual(cost_status, 'not_billed', `${at}`);
      assert.notEqual(costs?.total_cost, 0, `${at}`);
      assert.ok(
        [10, null].includes(usage.prompt_tokens) || usage.source !== 'provider',
        `${at}: ${usage.prompt_tokens}`,
      );
    }
  });
}

test('a long JSON answer cut in the middle is estimated, too', async () => {
  const content = 'word '.repeat(400_000);
  const answer = JSON.stringify({ id: 'c', model: 'gpt-4o', choices: [{ message: { content } }] }).slice(0, -1_000_000);
  const call = answers['Chat Completions'];
  const { usage, cost_status } = await eventOf({ body: call?.body ?? null, answer: [answer], ending: 'client_gone' });
  assert.ok((usage.generation_tokens ?? 0) > 1000, `${usage.generation_tokens}`);
  assert.equal(cost_status, 'priced');
});

test('a stream that breaks off before its first text is unmetered, not free', async () => {
  const event = await eventOf({
    body: { model: 'gpt-4o', stream: true, messages: [] },
    answer: [': still thinking\n\n'],
    ending: 'upstream_reset',
  });
  assert.partialDeepStrictEqual(event, { cost_status: 'unmetered', costs: null });
});
