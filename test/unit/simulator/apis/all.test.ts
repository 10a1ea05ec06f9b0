import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anthropicMessages } from '../../../../simulator/apis/anthropic-messages.ts';
import type { Api } from '../../../../simulator/apis/api.ts';
import { openaiChat } from '../../../../simulator/apis/openai-chat.ts';
import { openaiResponses } from '../../../../simulator/apis/openai-responses.ts';
import type { JsonObject } from '../../../../simulator/json.ts';
import { at, streamed, whole } from './reading.ts';

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };
const responses = { model: 'gpt-4o-mini', input: 'Hello' };
const messages = { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: 'Hello' }] };

for (const [api, body] of [
  [openaiChat, { ...chat, stream_options: { include_usage: true } }],
  [openaiResponses, responses],
  [anthropicMessages, messages],
] as const) {
  test(`${api.name}: usage null leaves no figure anywhere`, () => {
    for (const { data } of streamed(api, body, { usage: null })) {
      assert.doesNotMatch(JSON.stringify(data), /(input|output|prompt|completion)_tokens":\d/);
    }
    const { stream_options: _, ...plain } = body as JsonObject;
    assert.equal(at(whole(api, plain, { usage: null }), 'usage') ?? null, null);
  });

  test(`${api.name}: a cut stream has neither end nor error, a failing one ends with its error`, () => {
    const cut = streamed(api, body, { chunks: 5, cut_after_chunks: 2 });
    const failing = streamed(api, body, { chunks: 5, error_after_chunks: 2 });
    assert.deepEqual(failing.slice(0, cut.length), cut);
    assert.ok(failing.length > cut.length);
    assert.ok(failing.slice(cut.length).every(({ data }) => at(data, 'error') ?? at(data, 'response.error')));
  });
}

const refused: readonly [Api, JsonObject, RegExp][] = [
  [openaiChat, { messages: [] }, /must provide a model/],
  [openaiChat, { model: 'm' }, /'messages'/],
  [openaiChat, { model: 'm', messages: [] }, /'messages'/],
  [openaiChat, { ...chat, n: 0 }, /'n'/],
  [openaiChat, { ...chat, stream_options: {} }, /'stream_options' parameter is only allowed/],
  [openaiResponses, { input: 'x' }, /'model'/],
  [openaiResponses, { model: 'm', input: 7 }, /'input'/],
  [anthropicMessages, { ...messages, model: undefined }, /model: Field required/],
  [anthropicMessages, { ...messages, max_tokens: undefined }, /max_tokens: Field required/],
  [anthropicMessages, { ...messages, max_tokens: 0 }, /max_tokens/],
  [anthropicMessages, { ...messages, messages: [] }, /at least one message/],
];

for (const [api, body, reason] of refused) {
  test(`${api.name}: ${JSON.stringify(body)} is refused as the provider does`, () => {
    const ask = api.ask(body);
    assert.ok('problem' in ask);
    assert.match(ask.problem, reason);
  });
}
