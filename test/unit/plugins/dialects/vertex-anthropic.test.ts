/** Claude at Vertex: the Messages format under a path of Google's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropicMessages } from '../../../../plugins/dialects/anthropic-messages.ts';
import { pluginsMeter } from '../../../support/plugins-meter.ts';
import { sse } from '../../../support/reading.ts';

const models = '/v1/projects/p/locations/us-east5/publishers/anthropic/models';

const asked = (action: string, body: string, type: string) => ({
  request: {
    method: 'POST',
    url: `https://us-east5-aiplatform.googleapis.com${models}/claude-sonnet-4-5@20250929:${action}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(
      JSON.stringify({
        anthropic_version: 'vertex-2023-10-16',
        max_tokens: 20,
        stream: action === 'streamRawPredict',
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    ),
  },
  response: { status: 200, headers: { 'content-type': type }, body: Buffer.from(body) },
});

const usage = { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 5 };

test('a streamed answer of Claude at Vertex has its tokens and its price', async () => {
  const body = sse(
    { type: 'message_start', message: { id: 'm', model: 'claude-sonnet-4-5-20250929', usage } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 12 } },
    { type: 'message_stop' },
  );
  const [event] = await pluginsMeter(3)(asked('streamRawPredict', body, 'text/event-stream'));
  assert.partialDeepStrictEqual(event, {
    provider_kind: 'vertex',
    request_model: 'claude-sonnet-4-5@20250929',
    model: 'claude-sonnet-4-5-20250929',
    stream: true,
    usage: { prompt_tokens: 100, cache_read_tokens: 90, generation_tokens: 12, source: 'provider' },
    cost_status: 'priced',
  });
});

test('an answer that names no model is of the model in the path', async () => {
  const body = JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'Hello' }], usage });
  const [event] = await pluginsMeter()(asked('rawPredict', body, 'application/json'));
  assert.partialDeepStrictEqual(event, {
    model: 'claude-sonnet-4-5@20250929',
    usage: { prompt_tokens: 100, generation_tokens: 5 },
    cost_status: 'priced',
  });
});

test('counting tokens at Vertex is no call of a model', () => {
  assert.equal(anthropicMessages.handles(`${models}/count-tokens:rawpredict`, 'vertex'), false);
});
