import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { chat, messages, simulated, started } from './running.ts';

const schema = { type: 'object' as const, properties: { city: { type: 'string' } } };

test('the openai client reads a chat answer, a stream of it and its usage', async (t) => {
  const { openai } = await started(t);
  const answer = await openai.chat.completions.create(chat, simulated({ text: 'Good morning', chunks: 4 }));
  assert.equal(answer.choices[0]?.message.content, 'Good morning');
  assert.equal(answer._request_id?.slice(0, 4), 'req_');
  const stream = openai.chat.completions.stream(
    { ...chat, stream_options: { include_usage: true } },
    simulated({ text: 'Good morning', chunks: 4 }),
  );
  const whole = await stream.finalChatCompletion();
  assert.equal(whole.choices[0]?.message.content, 'Good morning');
  assert.deepEqual(whole.usage, answer.usage);
});

test('the openai client reads a response, a stream of it, and fetches both again', async (t) => {
  const { openai } = await started(t);
  const ask = { model: 'gpt-5-mini', input: 'Hello' };
  const answer = await openai.responses.create(ask);
  assert.equal(answer.status, 'completed');
  assert.deepEqual((await openai.responses.retrieve(answer.id)).usage, answer.usage);
  const stream = openai.responses.stream(ask, simulated({ text: 'Good morning', chunks: 3 }));
  const whole = await stream.finalResponse();
  assert.equal(whole.output_text, 'Good morning');
  assert.equal((await openai.responses.retrieve(whole.id)).output_text, 'Good morning');
  await assert.rejects(openai.responses.retrieve('resp_unknown'), OpenAI.NotFoundError);
});

test('the anthropic client reads a message and a stream of it', async (t) => {
  const { anthropic } = await started(t);
  const answer = await anthropic.messages.create(messages, simulated({ text: 'Good morning', chunks: 4 }));
  assert.deepEqual(answer.content, [{ type: 'text', text: 'Good morning' }]);
  const whole = await anthropic.messages
    .stream(messages, simulated({ text: 'Good morning', chunks: 4 }))
    .finalMessage();
  assert.partialDeepStrictEqual(whole, {
    content: [{ type: 'text', text: 'Good morning' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: answer.usage.input_tokens, output_tokens: answer.usage.output_tokens },
  });
});

test('both clients read a tool call, streamed or not', async (t) => {
  const { openai, anthropic } = await started(t);
  const chatTools = {
    ...chat,
    tools: [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }],
  };
  for (const { choices } of [
    await openai.chat.completions.create(chatTools),
    await openai.chat.completions.stream(chatTools).finalChatCompletion(),
  ]) {
    assert.equal(choices[0]?.finish_reason, 'tool_calls');
    const call = choices[0]?.message.tool_calls?.[0];
    assert.partialDeepStrictEqual(call, { function: { name: 'weather', arguments: '{"city":"example"}' } });
  }
  const asked = {
    model: 'gpt-4.1',
    input: 'Hello',
    tools: [{ type: 'function' as const, name: 'weather', parameters: schema, strict: false }],
  };
  for (const { output } of [
    await openai.responses.create(asked),
    await openai.responses.stream(asked).finalResponse(),
  ]) {
    assert.partialDeepStrictEqual(output, [
      { type: 'function_call', name: 'weather', arguments: '{"city":"example"}' },
    ]);
  }
  const tools = { ...messages, tools: [{ name: 'weather', input_schema: schema }] };
  for (const { content, stop_reason } of [
    await anthropic.messages.create(tools),
    await anthropic.messages.stream(tools).finalMessage(),
  ]) {
    assert.equal(stop_reason, 'tool_use');
    assert.partialDeepStrictEqual(content, [{ type: 'tool_use', name: 'weather', input: { city: 'example' } }]);
  }
});

test('both clients list models, and the anthropic one counts tokens', async (t) => {
  const { openai, anthropic } = await started(t);
  assert.ok((await openai.models.list()).data.some(({ id }) => id === 'gpt-4o-mini'));
  assert.ok((await anthropic.models.list()).data.every(({ id }) => id.startsWith('claude-')));
  const { input_tokens } = await anthropic.messages.countTokens({ model: messages.model, messages: messages.messages });
  assert.equal(input_tokens, (await anthropic.messages.create(messages)).usage.input_tokens);
});

test('a limit ends an answer with the reason that each API has for it', async (t) => {
  const { openai, anthropic } = await started(t);
  const { choices } = await openai.chat.completions.create({ ...chat, max_completion_tokens: 3 });
  const { status } = await openai.responses.create({ model: 'gpt-4.1', input: 'Hello', max_output_tokens: 3 });
  const { stop_reason } = await anthropic.messages.create({ ...messages, max_tokens: 3 });
  assert.deepEqual([choices[0]?.finish_reason, status, stop_reason], ['length', 'incomplete', 'max_tokens']);
});

type ErrorClass = new (...args: never[]) => Error;

test('an error status makes each client raise its own exception', async (t) => {
  const { openai, anthropic } = await started(t);
  const failing: readonly [status: number, openaiError: ErrorClass, anthropicError: ErrorClass][] = [
    [400, OpenAI.BadRequestError, Anthropic.BadRequestError],
    [401, OpenAI.AuthenticationError, Anthropic.AuthenticationError],
    [403, OpenAI.PermissionDeniedError, Anthropic.PermissionDeniedError],
    [404, OpenAI.NotFoundError, Anthropic.NotFoundError],
    [429, OpenAI.RateLimitError, Anthropic.RateLimitError],
    [500, OpenAI.InternalServerError, Anthropic.InternalServerError],
    [529, OpenAI.InternalServerError, Anthropic.InternalServerError],
  ];
  for (const [status, openaiError, anthropicError] of failing) {
    await assert.rejects(openai.chat.completions.create(chat, simulated({ status })), openaiError);
    await assert.rejects(openai.responses.create({ model: 'm', input: 'x' }, simulated({ status })), openaiError);
    await assert.rejects(anthropic.messages.create(messages, simulated({ status })), anthropicError);
  }
});

test('an error inside a stream is raised after the chunks before it', async (t) => {
  const { openai, anthropic, post } = await started(t);
  const failing = simulated({ chunks: 5, error_after_chunks: 2 });
  const texts: string[] = [];
  const read = async () => {
    const stream = await openai.chat.completions.create({ ...chat, stream: true }, failing);
    for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? '');
  };
  await assert.rejects(read(), /The server had an error/);
  assert.equal(texts.filter((text) => text !== '').length, 2);
  await assert.rejects(
    openai.responses.stream({ model: 'm', input: 'x' }, failing).finalResponse(),
    /The server had an error/,
  );
  await assert.rejects(anthropic.messages.stream(messages, failing).finalMessage(), /Overloaded/);
  assert.equal((await post('/v1/messages', messages, { error_after_chunks: 2 })).status, 500);
});
