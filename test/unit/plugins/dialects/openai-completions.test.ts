import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiCompletions } from '../../../../plugins/dialects/openai-completions.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const piece = (text: string, finish: string | null = null, more: object = {}) => ({
  id: 'c1',
  object: 'text_completion',
  model: 'm',
  choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
  ...more,
});

test('chats, agents and stored prompts have paths of their own', () => {
  for (const [path, ours] of [
    ['/v1/completions', true],
    ['/v1/fim/completions', true],
    ['/openai/deployments/d/completions', true],
    ['/v1/chat/completions', false],
    ['/v1/agents/completions', false],
    ['/v1/prompts/p1/completions', false],
    ['/v1/complete', false],
  ] as const)
    assert.equal(openaiCompletions.handles(path, 'openai'), ours, path);
});

test('skimmed or taken apart, whole or byte by byte, a stream reads the same', () => {
  const stream = sse(
    piece(' Aa'),
    piece('re "quoted\\" é'),
    piece('', null),
    piece('.', 'stop'),
    piece('', 'stop'),
    { id: 'c1', model: 'm', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
    '[DONE]',
  );
  const { model, finish, usage, complete } = readAnswer(openaiCompletions, stream, undefined, true);
  assert.partialDeepStrictEqual(usage, { input: 3, output: 4 });
  assert.deepEqual(finish, ['stop', 'stop']);
  for (const split of [1, 7, 1 << 20])
    assert.partialDeepStrictEqual(readAnswer(openaiCompletions, stream, split), { model, finish, usage, complete });
});

test('an error behind some text is found', () => {
  const stream = sse(piece(' Aa'), piece('re'), { error: { message: 'late', type: 'server_error' } });
  assert.partialDeepStrictEqual(readAnswer(openaiCompletions, stream), {
    error: { type: 'server_error' },
    usage: null,
  });
});

test('a list of prompts is that many messages', () => {
  assert.equal(openaiCompletions.ask({ model: 'm', prompt: ['a', 'b'] }, '').messages.count, 2);
  assert.equal(openaiCompletions.ask({ model: 'm', prompt: 'a' }, '').messages.count, 1);
});
