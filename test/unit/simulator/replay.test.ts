import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Answer, Piece } from '../../../simulator/answer.ts';
import type { Call } from '../../../simulator/call.ts';
import { openReplay } from '../../../simulator/replay.ts';

const fileWith = async (t: TestContext, ...lines: (object | string)[]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-replay-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'exchanges.ndjson');
  await writeFile(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return file;
};

const exchange = (id: string, body: unknown, response: object = {}) => ({
  id,
  request: { method: 'POST', url: 'https://provider.example/v1/chat/completions?beta=true', headers: {}, body },
  response: { status: 200, headers: { 'content-type': 'application/json' }, body: `answer ${id}`, ...response },
});

const call = (body: string, target = '/v1/chat/completions?beta=true'): Call => ({
  method: 'POST',
  target,
  path: target.split('?')[0] ?? '',
  headers: {},
  body,
});

const found = (answer: Answer | string): Answer => (typeof answer === 'string' ? assert.fail(answer) : answer);

const bytesOf = (answer: Answer | string): string => {
  const { body } = found(answer);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body).toString();
  return Array.from(body, (piece) => Buffer.from(piece.bytes).toString()).join('');
};

test('an id finds exactly its exchange, whatever the request says', async (t) => {
  const replay = await openReplay(await fileWith(t, exchange('a', {}), exchange('b', { model: 'm' })));
  assert.equal(replay.size, 2);
  assert.equal(bytesOf(await replay.find(call('{}'), 'b')), 'answer b');
  assert.match(String(await replay.find(call('{}'), 'c')), /no recorded exchange with the id "c"/);
});

test('the same body finds its exchange, whatever its white space and the order of its keys', async (t) => {
  const replay = await openReplay(
    await fileWith(t, exchange('a', { x: 1 }), exchange('b', { model: 'm', n: [{ p: 1, q: 2 }] })),
  );
  assert.equal(bytesOf(await replay.find(call('{ "n": [ {"q":2,"p":1} ], "model": "m" }'), undefined)), 'answer b');
});

test('another body gets the exchanges of its path in turn, from the start again after the last', async (t) => {
  const replay = await openReplay(await fileWith(t, exchange('a', { x: 1 }), exchange('b', { x: 2 })));
  const answers = [];
  for (let i = 0; i < 3; i++)
    answers.push(bytesOf(await replay.find(call('{"x":9}', '/v1/chat/completions'), undefined)));
  assert.deepEqual(answers, ['answer a', 'answer b', 'answer a']);
  assert.match(
    String(await replay.find(call('{}', '/v1/other'), undefined)),
    /No recorded exchange answers POST \/v1\/other/,
  );
});

test('an event stream leaves one event a write, unchanged', async (t) => {
  const body = ': hello\n\nevent: x\r\ndata: 1\r\n\r\ndata: é\n\ndata: half';
  const headers = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked', 'x-own': 'yes' };
  const replay = await openReplay(await fileWith(t, exchange('a', {}, { headers, body })));
  const answer = found(await replay.find(call('{}'), undefined));
  assert.deepEqual(answer.headers, ['content-type', 'text/event-stream', 'x-own', 'yes']);
  assert.equal(bytesOf(answer), body);
  const again = found(await replay.find(call('{}'), 'a')).body;
  assert.equal(Array.from(again as Iterable<Piece>).length, 4);
});

test('base64 bodies are served as the bytes they were, with their content-encoding', async (t) => {
  const bytes = Buffer.from([0, 255, 10, 13]);
  const headers = { 'content-encoding': 'gzip' };
  const encoded = { headers, body: undefined, body_base64: bytes.toString('base64') };
  const replay = await openReplay(await fileWith(t, exchange('a', {}, encoded), exchange('b', {}, { headers })));
  const answer = found(await replay.find(call('{}'), 'a'));
  assert.deepEqual(answer.body, bytes);
  assert.deepEqual(answer.headers, ['content-encoding', 'gzip']);
  // A text body is stored decoded: the encoding is gone.
  assert.deepEqual(found(await replay.find(call('{}'), 'b')).headers, []);
});

test('a file that has changed since is an answer that says so, not a wrong body', async (t) => {
  const file = await fileWith(t, exchange('a', {}));
  const replay = await openReplay(file);
  await writeFile(file, 'something else');
  assert.match(String(await replay.find(call('{}'), 'a')), /has changed/);
  await rm(file);
  assert.match(String(await replay.find(call('{}'), 'a')), /has changed/);
});

const broken: readonly [line: object | string, reason: RegExp][] = [
  ['{"id":', /line 3: not a JSON object/],
  [{ ...exchange('b', {}), id: 7 }, /line 3: "id" must be a string/],
  [exchange('a', {}), /line 3: the id "a" is already that of line 1/],
  [{ ...exchange('b', {}), request: { method: 'POST' } }, /line 3: "request" must have a "method" and a "url"/],
  [exchange('b', {}, { status: 42 }), /line 3: "response.status" must be/],
  [exchange('b', {}, { body: undefined }), /line 3: "response.body" or "response.body_base64" is missing/],
  [exchange('b', {}, { headers: { 'a b': 'c' } }), /line 3: "response.headers" has no valid value for "a b"/],
];

for (const [line, reason] of broken) {
  test(`a broken line is named: ${reason.source}`, async (t) => {
    const file = await fileWith(t, exchange('a', {}), '', line);
    await assert.rejects(
      openReplay(file),
      (error: Error) => reason.test(error.message) && error.message.startsWith(file),
    );
  });
}

test('an empty file and a missing one are refused', async (t) => {
  const file = await fileWith(t, '');
  await assert.rejects(openReplay(file), /there is no exchange in it/);
  await assert.rejects(openReplay(`${file}.missing`), /ENOENT/);
});
