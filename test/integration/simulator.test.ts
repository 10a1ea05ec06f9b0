import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { openReplay } from '../../simulator/replay.ts';
import { type SimulatorOptions, startSimulator } from '../../simulator/server.ts';
import type { Simulate } from '../../simulator/simulate-header.ts';

const started = async (t: TestContext, options: SimulatorOptions = {}) => {
  const simulator = await startSimulator(options);
  t.after(() => simulator.close());
  const { origin } = simulator;
  const post = (path: string, body: object | string, simulate: Simulate = {}, headers: Record<string, string> = {}) =>
    fetch(origin + path, {
      method: 'POST',
      headers: { ...headers, 'x-simulate': JSON.stringify(simulate) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const openai = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'none', maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: origin, apiKey: 'none', maxRetries: 0 });
  return { ...simulator, post, openai, anthropic };
};

const simulated = (simulate: Simulate) => ({ headers: { 'x-simulate': JSON.stringify(simulate) } });

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
const messages = {
  model: 'claude-sonnet-4-6',
  max_tokens: 500,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};
const schema = { type: 'object' as const, properties: { city: { type: 'string' } } };

/** Every body chunk as it arrives, and whether the answer came to its proper end. */
const chunksOf = async (origin: string, path: string, body: string, simulate: Simulate) => {
  const sent = request(origin + path, { method: 'POST', headers: { 'x-simulate': JSON.stringify(simulate) } });
  sent.end(body);
  const [answer]: [IncomingMessage] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('error', () => {});
  await once(answer, 'close');
  return { chunks, complete: answer.complete, status: answer.statusCode, headers: answer.headers };
};

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

test('an error status makes each client raise its own exception', async (t) => {
  const { openai, anthropic } = await started(t);
  const failing: readonly [
    status: number,
    openaiError: typeof OpenAI.APIError,
    anthropicError: typeof Anthropic.APIError,
  ][] = [
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
  const { openai, anthropic } = await started(t);
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
  assert.equal(
    (await started(t).then(({ post }) => post('/v1/messages', messages, { error_after_chunks: 2 }))).status,
    500,
  );
});

test('wrong paths, methods and bodies are refused in the shape of the provider', async (t) => {
  const { origin, post } = await started(t);
  const openaiShape = async (answer: Response) => (await answer.json()).error.type;
  const anthropicShape = async (answer: Response) => {
    const { type, error } = await answer.json();
    return type === 'error' && error.type;
  };
  const refused: readonly [Response, number, (answer: Response) => Promise<string>, string][] = [
    [await post('/v1/nothing', {}), 404, openaiShape, 'invalid_request_error'],
    [await post('/v1/messages/nothing', {}), 404, anthropicShape, 'not_found_error'],
    [await post('/v1/nothing', {}, {}, { 'x-api-key': 'none' }), 404, anthropicShape, 'not_found_error'],
    [await fetch(`${origin}/v1/chat/completions`), 405, openaiShape, 'invalid_request_error'],
    [await post('/v1/chat/completions', '{"model":'), 400, openaiShape, 'invalid_request_error'],
    [await post('/v1/messages', '[]'), 400, anthropicShape, 'invalid_request_error'],
    [await post('/v1/responses', {}), 400, openaiShape, 'invalid_request_error'],
    [await post('/v1/messages', messages, {}, { 'x-simulate': '{' }), 400, anthropicShape, 'invalid_request_error'],
    [await post('/v1/chat/completions', chat, { replay: 'x' }), 400, openaiShape, 'invalid_request_error'],
  ];
  for (const [answer, status, shape, type] of refused)
    assert.deepEqual([answer.status, await shape(answer)], [status, type]);
});

test('the same seed gives the same bytes, whatever was asked in between; asked again the answer is another one', async (t) => {
  const [one, two, other] = [
    await started(t, { seed: 5 }),
    await started(t, { seed: 5 }),
    await started(t, { seed: 6 }),
  ];
  const ask = async ({ post }: typeof one, body: object) =>
    (await post('/v1/chat/completions', { ...chat, ...body })).text();
  const first = await ask(one, {});
  await ask(two, { messages: [{ role: 'user', content: 'Something else' }] });
  assert.equal(await ask(two, {}), first);
  assert.notEqual(await ask(two, {}), first);
  assert.notEqual(await ask(other, {}), first);
});

test('every event of a stream is a write of its own', async (t) => {
  const { origin } = await started(t);
  const { chunks } = await chunksOf(origin, '/v1/messages', JSON.stringify({ ...messages, stream: true }), {
    chunks: 40,
  });
  assert.equal(chunks.length, 46);
  assert.ok(chunks.every((chunk) => chunk.toString().startsWith('event: ') && chunk.toString().endsWith('\n\n')));
});

test('a split body arrives in pieces of that size and is the same', async (t) => {
  const { origin } = await started(t, { seed: 3 });
  const { origin: twin } = await started(t, { seed: 3 });
  const body = JSON.stringify({ ...chat, stream: true });
  const whole = await chunksOf(twin, '/v1/chat/completions', body, { text: 'Grüße 😀', chunks: 3 });
  const split = await chunksOf(origin, '/v1/chat/completions', body, { text: 'Grüße 😀', chunks: 3, split: 1 });
  assert.deepEqual(Buffer.concat(split.chunks), Buffer.concat(whole.chunks));
  assert.ok(split.chunks.every(({ length }) => length === 1));
});

test('a cut answer breaks off: a stream after its chunks, a plain one half-way', async (t) => {
  const { origin } = await started(t);
  const body = JSON.stringify({ ...chat, stream: true });
  const stream = await chunksOf(origin, '/v1/chat/completions', body, { chunks: 9, cut_after_chunks: 4 });
  assert.deepEqual([stream.complete, stream.chunks.length], [false, 1 + 4]);
  const plain = await chunksOf(origin, '/v1/chat/completions', JSON.stringify(chat), { cut_after_chunks: 4 });
  const received = Buffer.concat(plain.chunks).length;
  assert.deepEqual([plain.complete, received], [false, Math.floor(Number(plain.headers['content-length']) / 2)]);
});

test('gzip is used for a client that accepts it only, and every event can be read when it arrives', async (t) => {
  const { origin, post } = await started(t);
  for (const body of [messages, { ...messages, stream: true }]) {
    const zipped = await post('/v1/messages', body, { gzip: true, text: 'Good morning' });
    assert.equal(zipped.headers.get('content-encoding'), 'gzip');
    assert.match(await zipped.text(), /morning/);
    const plain = await chunksOf(origin, '/v1/messages', JSON.stringify(body), { gzip: true, text: 'Good morning' });
    assert.equal(plain.headers['content-encoding'], undefined);
  }
  const slow = await post(
    '/v1/messages',
    { ...messages, stream: true },
    { gzip: true, chunks: 2, chunk_delay_ms: 30_000 },
  );
  const { value } = (await slow.body?.getReader().read()) ?? {};
  assert.match(Buffer.from(value ?? []).toString(), /^event: message_start/);
});

test('status, headers and body are exactly those asked for', async (t) => {
  const { post } = await started(t);
  const text = await post('/v1/anything', '', {
    status: 418,
    body: 'short',
    headers: { 'Content-Type': 'text/plain', 'x-own': '1' },
  });
  assert.deepEqual(
    [text.status, text.headers.get('content-type'), text.headers.get('x-own')],
    [418, 'text/plain', '1'],
  );
  assert.equal(await text.text(), 'short');
  const json = await post('/v1/chat/completions', chat, { body: { any: [1] } });
  assert.deepEqual([json.status, await json.json()], [200, { any: [1] }]);
  const stream = await post('/v1/chat/completions', chat, { body: 'data: {}\n\n' });
  assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/);
  const created = await post('/v1/chat/completions', chat, { status: 201, model: 'm' });
  assert.deepEqual([created.status, (await created.json()).model], [201, 'm']);
  assert.equal((await post('/v1/chat/completions', chat, { status: 204 })).status, 204);
});

test('delays come before the head and before each content chunk', async (t) => {
  const { post } = await started(t);
  const start = performance.now();
  const answer = await post(
    '/v1/chat/completions',
    { ...chat, stream: true },
    { delay_ms: 60, chunks: 3, chunk_delay_ms: 40 },
  );
  assert.ok(performance.now() - start >= 59);
  await answer.text();
  assert.ok(performance.now() - start >= 60 + 3 * 40 - 4);
});

test('a client that leaves disturbs nobody, and closing breaks off what is still being answered', async (t) => {
  const simulator = await startSimulator();
  t.after(() => simulator.close());
  const slow = {
    method: 'POST',
    body: JSON.stringify({ ...chat, stream: true }),
    ...simulated({ chunks: 9, chunk_delay_ms: 30_000 }),
  };
  const leaving = new AbortController();
  const left = await fetch(`${simulator.origin}/v1/chat/completions`, { ...slow, signal: leaving.signal });
  leaving.abort();
  await assert.rejects(left.text());
  const open = await fetch(`${simulator.origin}/v1/chat/completions`, slow);
  assert.equal(simulator.requests(), 2);
  const broken = assert.rejects(open.text());
  await simulator.close();
  await broken;
});

test('recorded exchanges are served byte for byte, in pieces of any size', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-simulator-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'exchanges.ndjson');
  const body = 'data: {"text":"Grüße 😀"}\n\ndata: [DONE]\n\n';
  const exchange = {
    id: 'one',
    request: { method: 'POST', url: 'https://provider.example/v1/chat/completions', headers: {}, body: chat },
    response: { status: 200, headers: { 'content-type': 'text/event-stream', 'x-request-id': 'recorded' }, body },
  };
  await writeFile(file, `${JSON.stringify(exchange)}\n`);
  const { origin, post } = await started(t, { replay: await openReplay(file) });
  for (const split of [1, 2, 7, 1000]) {
    const { chunks, headers } = await chunksOf(origin, '/v1/chat/completions', JSON.stringify(chat), { split });
    assert.equal(Buffer.concat(chunks).toString(), body);
    assert.equal(chunks.length, Math.ceil(Buffer.byteLength(body) / split));
    assert.equal(headers['x-request-id'], 'recorded');
  }
  const cut = await chunksOf(origin, '/v1/chat/completions', '{}', { cut_after_chunks: 1 });
  assert.deepEqual([cut.complete, cut.chunks.length], [false, 1]);
  assert.equal((await post('/v1/other', {})).status, 404);
  assert.equal((await post('/v1/other', {}, { replay: 'two' })).status, 404);
  assert.match(
    await (await post('/v1/other', {}, { replay: 'one', text: 'x' })).text(),
    /\\"text\\" cannot change a recorded answer/,
  );
});

const recordings = join(process.env.LLM_AUDIT_SHARED ?? '../shared', 'recordings/exchanges.ndjson');

test('real recordings come back byte for byte', { skip: !existsSync(recordings) && `no ${recordings}` }, async (t) => {
  const replay = await openReplay(recordings);
  const { origin } = await started(t, { replay });
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile(recordings, 'utf8')).split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const { id, response } = JSON.parse(line);
    const sent = Buffer.from(
      response.body_base64 ?? response.body,
      response.body_base64 === undefined ? 'utf8' : 'base64',
    );
    const { chunks, status } = await chunksOf(origin, '/', '', { replay: id, split: 4096 });
    assert.equal(status, response.status, id);
    assert.ok(Buffer.concat(chunks).equals(sent), id);
  }
  t.diagnostic(`${lines.length} recorded exchanges checked`);
  assert.equal(replay.size, lines.length);
});

/** The command, with what it has printed once it listens or has ended. */
const command = async (t: TestContext, ...args: string[]) => {
  const child = spawn(process.execPath, ['cli/main.ts', 'simulator', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const output = { text: '' };
  const ended = once(child, 'close');
  const printed = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output.text += chunk;
        resolve();
      });
    }
  });
  await Promise.race([printed, ended]);
  return { child, output, exitCode: async (): Promise<number> => (await ended)[0] };
};

test('the command prints its address, answers there and stops on SIGTERM', async (t) => {
  const { child, output, exitCode } = await command(t, '--seed', '7', '--json');
  const { origin, seed } = JSON.parse(output.text);
  assert.equal(seed, 7);
  const answer = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(chat) });
  assert.equal(answer.status, 200);
  child.kill('SIGTERM');
  assert.equal(await exitCode(), 0);
});

test('the command refuses what it cannot use, with exit code 2 and the reason', async (t) => {
  const refused: readonly [string[], RegExp][] = [
    [['--port', 'many'], /--port must be an integer from 0 to 65535, not "many"/],
    [['--replay', 'package.json'], /package\.json: line 1: not a JSON object/],
    [['--replay', 'missing.ndjson'], /missing\.ndjson/],
    [['--unknown'], /--unknown/],
  ];
  for (const [args, reason] of refused) {
    const { output, exitCode } = await command(t, ...args);
    assert.equal(await exitCode(), 2);
    assert.match(output.text, reason);
  }
});
