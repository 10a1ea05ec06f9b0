import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReplay } from '../../../simulator/replay.ts';
import { chat, chunksOf, started } from './running.ts';

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
