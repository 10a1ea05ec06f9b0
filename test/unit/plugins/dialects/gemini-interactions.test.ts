import assert from 'node:assert/strict';
import { test } from 'node:test';
import { geminiInteractions } from '../../../../plugins/dialects/gemini-interactions.ts';
import { promptMessages } from '../../../../plugins/redaction/prompt.ts';
import { readAnswer } from '../../../support/reading.ts';

const stream = (...events: { event_type: string; [key: string]: unknown }[]): string =>
  events.map((event) => `event: ${event.event_type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

const created = (more: object = {}) => ({
  event_type: 'interaction.created',
  interaction: { id: 'i', status: 'in_progress', object: 'interaction', model: 'gemini-m', ...more },
});
const text = (value: string) => ({ event_type: 'step.delta', index: 0, delta: { type: 'text', text: value } });
const figures = { total_input_tokens: 5, total_output_tokens: 6, total_thought_tokens: 21, total_tokens: 32 };
const completed = {
  event_type: 'interaction.completed',
  interaction: { id: 'i', status: 'completed', model: 'gemini-m', usage: figures },
};

test('thoughts are added to the output, what tools fed back to the input', () => {
  const usage = { ...figures, total_tool_use_tokens: 40, total_tokens: 72 };
  const reading = readAnswer(geminiInteractions, JSON.stringify({ object: 'interaction', status: 'completed', usage }));
  assert.partialDeepStrictEqual(reading.usage, { input: 45, output: 27, reasoning: 21, totalReported: 72 });
});

test('skimmed or taken apart, whole or byte by byte, a stream reads the same', () => {
  const body = stream(
    created(),
    { event_type: 'step.start', index: 0, step: { type: 'function_call', name: 'look', arguments: {} } },
    { event_type: 'step.delta', index: 0, delta: { type: 'arguments_delta', arguments: '{"at":"lake"}' } },
    { event_type: 'step.start', index: 1, step: { type: 'model_output' } },
    text('A "lake", '),
    text('it is.'),
    completed,
  );
  const reference = readAnswer(geminiInteractions, body, undefined, true);
  assert.deepEqual(reference.text?.content, ['A "lake", ', 'it is.']);
  assert.deepEqual(reference.text?.calls, [{ key: null, name: 'look', arguments: ['{"at":"lake"}'] }]);
  for (const split of [1, 9, 1 << 20]) {
    const reading = readAnswer(geminiInteractions, body, split);
    assert.partialDeepStrictEqual(reading, { usage: reference.usage, toolCalls: ['look'], complete: true });
    assert.equal(reading.pending, false);
  }
});

test('a stream that broke off keeps the usage that its last step told, and is not complete', () => {
  const stop = { event_type: 'step.stop', index: 0, usage: { total_input_tokens: 5, total_output_tokens: 2 } };
  const reading = readAnswer(geminiInteractions, stream(created(), text('one'), stop, text('two')));
  assert.partialDeepStrictEqual(reading, { usage: { input: 5, output: 2 }, complete: false, pending: false });
});

test("an agent's work goes on in the background: its figures come to whoever fetches them", () => {
  const agent = { model: undefined, agent: 'deep-research-m' };
  const promised = readAnswer(geminiInteractions, stream(created(agent), text('Planning.')));
  assert.partialDeepStrictEqual(promised, { model: 'deep-research-m', pending: true, deferred: true, usage: null });
  const fetched = { ...completed.interaction, ...agent };
  assert.partialDeepStrictEqual(readAnswer(geminiInteractions, JSON.stringify(fetched)), {
    pending: false,
    deferred: true,
    usage: { input: 5, output: 27 },
  });
});

test('a stored answer of a model is not deferred: fetching it is never charged again', () => {
  assert.equal(readAnswer(geminiInteractions, JSON.stringify(completed.interaction)).deferred, false);
  assert.equal(geminiInteractions.fetches?.('/v1beta/interactions/i'), true);
  assert.equal(geminiInteractions.fetches?.('/v1beta/interactions'), false);
});

test('a request tells its turns; contents that stand alone are one turn, and pictures only a name', () => {
  const ask = geminiInteractions.ask(
    {
      model: 'gemini-m',
      system_instruction: 'Be brief.',
      input: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', data: 'QUJD', mime_type: 'image/png' },
        { type: 'model_output', content: [{ type: 'text', text: 'A lake.' }] },
        { type: 'function_result', call_id: 'c', result: 'deep' },
      ],
      background: true,
    },
    '/v1beta/interactions',
  );
  assert.partialDeepStrictEqual(ask, {
    deferred: true,
    messages: { count: 3, user: 1, assistant: 1, tool: 1 },
    params: { background: 'true' },
  });
  assert.deepEqual(promptMessages(ask.prompt), [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is this?\n[image]' },
    { role: 'model', content: 'A lake.' },
    { role: 'tool', content: 'deep' },
  ]);
});
