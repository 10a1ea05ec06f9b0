import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiRuns } from '../../../../plugins/dialects/openai-runs.ts';
import { readAnswer } from '../../../support/reading.ts';

const usage = { prompt_tokens: 30, completion_tokens: 8, total_tokens: 38 };
const run = (status: string, more: object = {}) =>
  JSON.stringify({ id: 'run_1', object: 'thread.run', status, model: 'm', usage: null, ...more });

test('runs are made, resumed and fetched at their paths, and listed for nothing', () => {
  for (const [path, makes, fetches] of [
    ['/v1/threads/runs', true, false],
    ['/v1/threads/t1/runs', true, false],
    ['/openai/threads/t1/runs', true, false],
    ['/v1/threads/t1/runs/r1/submit_tool_outputs', true, false],
    ['/v1/threads/t1/runs/r1', false, true],
    ['/v1/threads/t1/runs/r1/steps', false, false],
    ['/v1/threads', false, false],
    ['/v1/threads/t1/messages', false, false],
  ] as const) {
    assert.equal(openaiRuns.handles(path, 'openai'), makes, path);
    if (!makes) assert.equal(openaiRuns.fetches?.(path), fetches, path);
  }
});

for (const status of ['queued', 'in_progress', 'requires_action', 'cancelling']) {
  test(`a run that is ${status} is a promise`, () => {
    assert.partialDeepStrictEqual(readAnswer(openaiRuns, run(status)), { pending: true, deferred: true, usage: null });
  });
}

for (const status of ['completed', 'incomplete', 'failed', 'cancelled', 'expired']) {
  test(`a run that is ${status} is billed to whoever fetches it`, () => {
    assert.partialDeepStrictEqual(readAnswer(openaiRuns, run(status, { usage })), {
      pending: false,
      deferred: true,
      usage: { input: 30, output: 8 },
    });
  });
}
