import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTokenizer } from '../../../../plugins/hosts/node/tokenizer.ts';

/** A thread of its own making. */
const thread = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

test('tokens are those of the published tokenizer, of all texts together', async () => {
  const estimate = openTokenizer({ patience: 20_000 });
  assert.equal(await estimate('o200k_base', ['Hello world']), 2);
  assert.equal(await estimate('cl100k_base', ['tiktoken is great!', 'tiktoken is great!']), 12);
  assert.equal(await estimate('o200k_base', []), 0);
});

test('text that looks like a control token, or is no valid text, is text like any other', async () => {
  const estimate = openTokenizer({ patience: 20_000 });
  assert.ok(((await estimate('o200k_base', ['<|endoftext|>'])) ?? 0) > 1);
  assert.ok(((await estimate('o200k_base', ['\ud800'])) ?? 0) > 0);
});

test('a word of 64 Ki characters is counted in pieces, and to the same number', async () => {
  assert.equal(await openTokenizer({ patience: 20_000 })('o200k_base', ['a'.repeat(64 * 1024)]), 8192);
});

test('a tokenizer that does not answer in time is not waited for', async () => {
  const estimate = openTokenizer({
    patience: 20,
    file: thread(`import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});`),
  });
  assert.equal(await estimate('o200k_base', ['x']), null);
});

test('of very many questions at once those beyond the bound are not asked', async () => {
  const echo = thread(
    `import { parentPort } from 'node:worker_threads'; parentPort.on('message', ({ id }) => parentPort.postMessage({ id, tokens: 1 }));`,
  );
  const estimate = openTokenizer({ file: echo });
  const answers = await Promise.all(Array.from({ length: 100 }, () => estimate('o200k_base', ['x'])));
  assert.deepEqual(
    [answers.filter((tokens) => tokens === 1).length, answers.filter((tokens) => tokens === null).length],
    [32, 68],
  );
});

test('a thread that fails is not started again, and nobody waits for it', async () => {
  const estimate = openTokenizer({ file: thread('throw new Error("broken")') });
  assert.deepEqual(await Promise.all([estimate('o200k_base', ['x']), estimate('o200k_base', ['y'])]), [null, null]);
  assert.equal(await estimate('o200k_base', ['z']), null);
});
