/** Answers made in the background: whoever brings their figures first is billed, once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf, startPlugins } from '../../../support/attempt.ts';
import { sse } from '../../../support/reading.ts';

const usage = { input_tokens: 30, output_tokens: 800, total_tokens: 830 };
const response = (status: string, more: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5',
  background: true,
  status,
  output: [],
  ...more,
});
const text = sse({ type: 'response.output_text.delta', delta: 'half of a long book' });
const created = sse({ type: 'response.created', response: response('in_progress') });
const completed = sse({ type: 'response.completed', response: response('completed', { usage }) });
const post = { path: '/v1/responses', body: { model: 'gpt-5', input: 'a book', stream: true, background: true } };
const get = { method: 'GET', path: '/v1/responses/resp_1', body: null };
const stored = { ...get, answer: [JSON.stringify(response('completed', { usage }))] };
const billed = { usage: { prompt_tokens: 30, generation_tokens: 800, source: 'provider' }, cost_status: 'priced' };

test('a background answer streamed to its end, and fetched after a restart, is one event', async () => {
  const [streamed] = await eventsOf({ ...post, answer: [created, text, completed] });
  assert.partialDeepStrictEqual(streamed, billed);
  const [fetched] = await eventsOf(stored);
  assert.partialDeepStrictEqual(fetched, billed);
  assert.equal(fetched?.['@id'], streamed?.['@id']);
  assert.equal(fetched?.request_id, streamed?.request_id);
});

test('a background answer streamed to its end is fetched for nothing', async () => {
  const gateway = startPlugins();
  assert.equal((await eventsOf({ ...post, answer: [created, text, completed] }, gateway)).length, 1);
  assert.equal((await eventsOf(stored, gateway)).length, 0);
});

test('answers of different ids, or of another provider, are events of their own', async () => {
  const [one] = await eventsOf(stored);
  const [two] = await eventsOf({ ...stored, answer: [JSON.stringify(response('completed', { usage, id: 'resp_2' }))] });
  const [other] = await eventsOf({ ...stored, vendor: 'azure-openai' });
  assert.equal(new Set([one?.['@id'], two?.['@id'], other?.['@id']]).size, 3);
});

for (const ending of ['client_gone', 'upstream_reset', 'upstream_timeout', 'complete'] as const)
  test(`a background stream that is cut (${ending}) is not estimated: the fetch brings its figures`, async () => {
    const gateway = startPlugins();
    const [cut] = await eventsOf({ ...post, answer: [created, text], ending }, gateway);
    assert.partialDeepStrictEqual(cut, {
      usage: { prompt_tokens: null, generation_tokens: null, source: 'none' },
      cost_status: 'unmetered',
      costs: null,
    });
    const [fetched] = await eventsOf(stored, gateway);
    assert.partialDeepStrictEqual(fetched, billed);
    assert.notEqual(fetched?.['@id'], cut?.['@id']);
  });

test('a client that leaves behind the last event of a background stream is billed by it', async () => {
  const gateway = startPlugins();
  const [left] = await eventsOf({ ...post, answer: [created, text, completed], ending: 'client_gone' }, gateway);
  assert.partialDeepStrictEqual(left, billed);
  assert.equal((await eventsOf(stored, gateway)).length, 0);
});

test('a run of a thread that was streamed, and is fetched after a restart, is one event', async () => {
  const run = { id: 'run_1', object: 'thread.run', model: 'gpt-4o', status: 'completed' };
  const figures = { prompt_tokens: 30, completion_tokens: 8, total_tokens: 38 };
  const last = sse({ ...run, usage: figures });
  const body = { assistant_id: 'a', stream: true };
  const [streamed] = await eventsOf({ path: '/v1/threads/t1/runs', body, answer: [last] });
  const answer = [JSON.stringify({ ...run, usage: figures })];
  const [fetched] = await eventsOf({ method: 'GET', path: '/v1/threads/t1/runs/run_1', body: null, answer });
  assert.equal(streamed?.usage.total_tokens, 38);
  assert.equal(fetched?.['@id'], streamed?.['@id']);
});
