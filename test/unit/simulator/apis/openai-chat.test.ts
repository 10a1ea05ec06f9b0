import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiChat } from '../../../../simulator/apis/openai-chat.ts';
import type { JsonObject } from '../../../../simulator/json.ts';
import { at, streamed, whole } from './reading.ts';

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };

test('without include_usage no chunk has a usage key', () => {
  const events = streamed(openaiChat, chat, { chunks: 3 });
  assert.equal(events.at(-1)?.data, '[DONE]');
  assert.ok(
    events.slice(0, -1).every(({ data }) => at(data, 'usage') === undefined && at(data, 'choices.length') === 1),
  );
  assert.equal(events.length, 1 + 3 + 1 + 1);
});

test('with include_usage every chunk has usage null and one more chunk without choices has the usage', () => {
  const events = streamed(openaiChat, { ...chat, stream_options: { include_usage: true } }, { chunks: 3 });
  const chunks = events.slice(0, -1).map(({ data }) => data);
  const last = chunks.pop();
  assert.ok(chunks.every((chunk) => at(chunk, 'usage') === null && at(chunk, 'choices.length') === 1));
  assert.deepEqual(at(last, 'choices'), []);
  assert.equal(at(last, 'usage.completion_tokens'), 3);
  assert.equal(at(last, 'usage.total_tokens'), Number(at(last, 'usage.prompt_tokens')) + 3);
});

test('a raw usage stands there verbatim, but in a stream only for the client that asked for it', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12, house_field: [1] };
  assert.deepEqual(at(whole(openaiChat, chat, { usage }), 'usage'), usage);
  const asked = streamed(openaiChat, { ...chat, stream_options: { include_usage: true } }, { usage });
  assert.deepEqual(at(asked.at(-2)?.data, 'usage'), usage);
  assert.ok(streamed(openaiChat, chat, { usage }).every(({ data }) => at(data, 'usage') === undefined));
});

test('other stream options are kept: padding only where it is not switched off', () => {
  const padded = (options: JsonObject) =>
    streamed(openaiChat, { ...chat, stream_options: options }, { chunks: 1 }).map(
      ({ data }) => at(data, 'obfuscation') !== undefined,
    );
  assert.ok(padded({}).slice(0, -1).every(Boolean));
  assert.ok(padded({ include_usage: true, include_obfuscation: false }).every((has) => !has));
});

test('n choices are streamed side by side and make up the same answer as in one piece', () => {
  const events = streamed(openaiChat, { ...chat, n: 2 }, { chunks: 3 });
  const texts: unknown[] = ['', ''];
  for (const { data } of events.slice(0, -1)) {
    const index = Number(at(data, 'choices.0.index'));
    texts[index] = `${texts[index]}${at(data, 'choices.0.delta.content') ?? ''}`;
  }
  const answer = whole(openaiChat, { ...chat, n: 2 }, { chunks: 3 });
  assert.deepEqual(texts, [at(answer, 'choices.0.message.content'), at(answer, 'choices.1.message.content')]);
  assert.equal(at(answer, 'usage.completion_tokens'), 6);
});
