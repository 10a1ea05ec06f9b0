import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropicMessages } from '../../../../simulator/apis/anthropic-messages.ts';
import { plan } from '../../../../simulator/plan.ts';
import { createRandom } from '../../../../simulator/random.ts';
import { at, nothingKept, streamed } from './reading.ts';

const messages = { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: 'Hello' }] };

test('the start brings the input, the delta the final output, and their sum is the whole usage', () => {
  const events = streamed(anthropicMessages, messages, { chunks: 3 });
  assert.deepEqual(
    events.map(({ name }) => name),
    [
      'message_start',
      'content_block_start',
      'ping',
      ...Array(3).fill('content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ],
  );
  assert.ok(events.every(({ name, data }) => at(data, 'type') === name));
  assert.equal(at(events[0]?.data, 'message.usage.output_tokens'), 1);
  assert.partialDeepStrictEqual(events.at(-2)?.data, {
    delta: { stop_reason: 'end_turn' },
    usage: { input_tokens: at(events[0]?.data, 'message.usage.input_tokens'), output_tokens: 3 },
  });
});

test('input_tokens leaves the cache out', () => {
  const system = [{ type: 'text', text: 'x'.repeat(20_000), cache_control: { type: 'ephemeral' } }];
  const seeds = Array.from({ length: 30 }, (_, seed) => {
    const ask = anthropicMessages.ask({ ...messages, system });
    assert.ok(!('problem' in ask));
    const { counts, ...rest } = plan(ask, {}, createRandom(seed));
    return { counts, usage: JSON.parse(anthropicMessages.whole({ counts, ...rest }, nothingKept)).usage };
  });
  for (const { counts, usage } of seeds) {
    const sum = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
    assert.equal(sum, counts.input);
    assert.equal(usage.cache_creation.ephemeral_5m_input_tokens, usage.cache_creation_input_tokens);
  }
  assert.ok(seeds.some(({ usage }) => usage.cache_creation_input_tokens > 0));
});
