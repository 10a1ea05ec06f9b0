import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulator } from '../../../simulator/server.ts';
import { chat, chunksOf, messages, simulated, started } from './running.ts';

test('wrong paths, methods and bodies are refused in the shape of the provider', async (t) => {
  const { origin, post } = await started(t);
  const openaiShape = async (answer: Response): Promise<string> => {
    const { error } = (await answer.json()) as { error: { type: string } };
    return error.type;
  };
  const anthropicShape = async (answer: Response): Promise<string> => {
    const { type, error } = (await answer.json()) as { type: 'error'; error: { type: string } };
    return `${type}: ${error.type}`;
  };
  const refused: readonly [Response, number, (answer: Response) => Promise<string>, string][] = [
    [await post('/v1/nothing', {}), 404, openaiShape, 'invalid_request_error'],
    [await post('/v1/messages/nothing', {}), 404, anthropicShape, 'error: not_found_error'],
    [await post('/v1/nothing', {}, {}, { 'x-api-key': 'none' }), 404, anthropicShape, 'error: not_found_error'],
    [await fetch(`${origin}/v1/chat/completions`), 405, openaiShape, 'invalid_request_error'],
    [await post('/v1/chat/completions', '{"model":'), 400, openaiShape, 'invalid_request_error'],
    [await post('/v1/messages', '[]'), 400, anthropicShape, 'error: invalid_request_error'],
    [await post('/v1/responses', {}), 400, openaiShape, 'invalid_request_error'],
    [
      await post('/v1/messages', messages, {}, { 'x-simulate': '{' }),
      400,
      anthropicShape,
      'error: invalid_request_error',
    ],
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
    assert.match(await zipped.text(), /Good/);
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
  assert.equal(created.status, 201);
  assert.partialDeepStrictEqual(await created.json(), { model: 'm' });
  assert.equal((await post('/v1/chat/completions', chat, { status: 204 })).status, 204);
});

test('delays come before the head and before each content chunk', async (t) => {
  const { post } = await started(t);
  const start = performance.now();
  const answer = await post(
    '/v1/chat/completions',
    { ...chat, stream: true },
    { delay_ms: 20, chunks: 3, chunk_delay_ms: 10 },
  );
  assert.ok(performance.now() - start >= 19);
  await answer.text();
  assert.ok(performance.now() - start >= 20 + 3 * 10 - 4);
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
