/** Shapes that compatible servers and routers send in OpenAI's formats, each with what it means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { pluginsMeter } from '../support/plugins-meter.ts';

const read = pluginsMeter();
const encoder = new TextEncoder();

const eventsOf = (url: string, body: object, answer: object | string): Promise<LLMUsageAudit[]> =>
  read({
    request: {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: encoder.encode(JSON.stringify(body)),
    },
    response: {
      status: 200,
      headers: { 'content-type': typeof answer === 'string' ? 'text/event-stream' : 'application/json' },
      body: encoder.encode(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    },
  });

const one = async (url: string, body: object, answer: object | string): Promise<LLMUsageAudit> => {
  const events = await eventsOf(url, body, answer);
  assert.equal(events.length, 1);
  return events[0] as LLMUsageAudit;
};

const chat = (host: string): string => `https://${host}/v1/chat/completions`;
const ask = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
const says = (more: object, message: object = { role: 'assistant', content: 'Hello' }) => ({
  object: 'chat.completion',
  model: 'm',
  choices: [{ index: 0, message, finish_reason: 'stop' }],
  ...more,
});

test('what is written to the cache is read under every name that compatible servers give it', async () => {
  const base = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 };
  for (const usage of [
    { ...base, prompt_tokens_details: { cache_write_tokens: 40 } },
    { ...base, prompt_tokens_details: { cache_creation_input_tokens: 40 } },
    { ...base, prompt_tokens_details: { cache_creation_tokens: 40 } },
    { ...base, cache_creation_input_tokens: 40 },
  ]) {
    const event = await one(chat('localhost'), ask, says({ usage }));
    assert.equal(event.usage.cache_write_tokens, 40, JSON.stringify(usage));
  }
});

test('web searches that a router ran are counted', async () => {
  const usage = { prompt_tokens: 9, completion_tokens: 5, server_tool_use: { web_search_requests: 2 } };
  assert.equal((await one(chat('openrouter.ai/api'), ask, says({ usage }))).usage.web_search_requests, 2);
});

test('a call of a custom tool is a call of a tool', async () => {
  const call = { id: 'c', type: 'custom', custom: { name: 'run_sql', input: 'select 1' } };
  const answer = says({ usage: { prompt_tokens: 1, completion_tokens: 2 } }, { role: 'assistant', tool_calls: [call] });
  assert.deepEqual((await one(chat('api.openai.com'), ask, answer)).tools.called, ['run_sql']);
});

test('an error inside an answer of status 200 is an error, wherever the server puts it', async () => {
  const inBase = { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } };
  const minimax = await one(chat('api.minimax.io'), ask, inBase);
  assert.partialDeepStrictEqual(minimax, { outcome: 'error', error: { code: '1008' } });
  const groq = await one(
    chat('api.groq.com/openai'),
    { ...ask, stream: true },
    `data: ${JSON.stringify({ model: 'm', choices: [], x_groq: { id: 'r', error: 'over capacity' } })}\n\ndata: [DONE]\n\n`,
  );
  assert.equal(groq.outcome, 'error');
});

test('usage in an event of another name than the terminal four counts', async () => {
  const response = { id: 'r', object: 'response', model: 'm', usage: { input_tokens: 7, output_tokens: 3 } };
  const stream = `event: response.done\ndata: ${JSON.stringify({ type: 'response.done', response })}\n\n`;
  const event = await one('https://localhost/v1/responses', { model: 'm', input: 'Hi', stream: true }, stream);
  assert.deepEqual([event.usage.prompt_tokens, event.usage.generation_tokens], [7, 3]);
});

test('changing what is stored asks no model and makes no event', async () => {
  const stored = says({ usage: { prompt_tokens: 100, completion_tokens: 50 } });
  for (const path of [
    'chat/completions/chatcmpl-1',
    'threads',
    'threads/t1/messages',
    'threads/t1/runs/r1',
    'assistants',
  ])
    assert.deepEqual(await eventsOf(`https://api.openai.com/v1/${path}`, { metadata: {} }, stored), [], path);
});

test('a stated cost counts also where no tokens are told', async () => {
  const rerank = await one(
    'https://openrouter.ai/api/v1/rerank',
    { model: 'cohere/rerank-v3.5', query: 'q', documents: ['a'] },
    { results: [], usage: { search_units: 1, cost: 0.002 } },
  );
  assert.partialDeepStrictEqual(rerank, {
    usage: { search_units: 1 },
    costs: { total_cost: 0.002, source: 'provider' },
  });
});

test('film is priced by its size where the list does', async () => {
  const event = await one(
    'https://api.openai.com/v1/videos',
    { model: 'sora-2-pro', prompt: 'a cat', seconds: '8', size: '1280x720' },
    { id: 'v', object: 'video', model: 'sora-2-pro', status: 'queued', seconds: '8', size: '1280x720' },
  );
  assert.partialDeepStrictEqual(event, { usage: { video_seconds: 8 }, cost_status: 'priced' });
});

test('an error whose status is a number has no type', async () => {
  const events = await read({
    request: {
      method: 'POST',
      url: chat('x.openai.azure.com'),
      headers: {},
      body: encoder.encode(JSON.stringify(ask)),
    },
    response: {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: encoder.encode(JSON.stringify({ error: { code: 'content_filter', message: 'filtered', status: 400 } })),
    },
  });
  assert.partialDeepStrictEqual(events[0]?.error, { code: 'content_filter', type: null });
});
