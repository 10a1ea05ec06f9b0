import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LLMUsageAudit } from '../../../../schemas/generated/types.ts';
import { pluginsMeter } from '../../../support/plugins-meter.ts';

const encoder = new TextEncoder();
const headers = { 'content-type': 'application/json' };

/** The event of a call to OpenAI with this body and answer. */
const eventOf = async (path: string, body: object, answer: object): Promise<LLMUsageAudit> => {
  const [event] = await pluginsMeter()({
    request: {
      method: 'POST',
      url: `https://api.openai.com${path}`,
      headers,
      body: encoder.encode(JSON.stringify(body)),
    },
    response: { status: 200, headers, body: encoder.encode(JSON.stringify(answer)) },
  });
  assert.ok(event, 'no event');
  return event;
};

const chat = (model: string) => ({
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 },
});
const messages = [{ role: 'user', content: 'Hi' }];

test('a model that answered under a name without a price costs what the model asked for costs', async () => {
  const event = await eventOf('/v1/chat/completions', { model: 'gpt-4o', messages }, chat('router-7'));
  assert.partialDeepStrictEqual(event, {
    model: 'router-7',
    request_model: 'gpt-4o',
    cost_status: 'priced',
    costs: { total_cost: 0.0026 },
    impacts_status: 'estimated',
    impacts: { model: 'gpt-4o', mapped: true },
  });
});

test('the footprint of what is no text is not known: no output tokens are no answer of no tokens', async () => {
  const answer = {
    object: 'list',
    model: 'text-embedding-3-small',
    data: [{ object: 'embedding', index: 0, embedding: [0.1] }],
    usage: { prompt_tokens: 1000, total_tokens: 1000 },
  };
  const event = await eventOf('/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hi' }, answer);
  assert.partialDeepStrictEqual(event, {
    usage: { prompt_tokens: 1000, generation_tokens: 0 },
    costs: { total_cost: 0.00002 },
    impacts_status: 'unknown_operation',
    impacts: null,
  });
});
