/** An answer of any size is read in memory that does not grow with it, and what it used is found at its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiChat } from '../../../../plugins/dialects/openai-chat.ts';
import { nodePlatform } from '../../../../plugins/hosts/node/platform.ts';
import { AnswerReader } from '../../../../plugins/response/answer-reader.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const platform = nodePlatform(Buffer.alloc(32), 1 << 26);
const mebibyte = 1 << 20;

const used = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const head = '{"id":"a","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi",';
const tail = '},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}';
const usageChunk = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n';

/** What makes the answer long: 64 KiB, over and over. */
const fillers: Readonly<Record<string, readonly [string, string, string]>> = {
  'a string': ['"image":"', 'iVBORw0K'.repeat(8192), '"'],
  'escaped text': ['"text":"', '\\"\\\\ a '.repeat(8192), '"'],
  numbers: ['"vector":[0', ',0.12345'.repeat(8192), ']'],
  objects: ['"words":[0', ',{"a":1}'.repeat(8192), ']'],
};

/** Feeds an answer of so many MiB; the most memory that was taken meanwhile, and what was read. */
const feed = (type: string, before: string, filler: string, after: string, size: number) => {
  const reading = newReading(true);
  const chunk = Buffer.from(filler);
  const start = used();
  const reader = new AnswerReader(openaiChat, reading, platform, { 'content-type': type }, 1 << 26, false);
  reader.push(Buffer.from(before));
  let most = 0;
  for (let fed = 0; fed < size * mebibyte; fed += chunk.length) {
    reader.push(chunk);
    if (fed % (8 * mebibyte) === 0) most = Math.max(most, used() - start);
  }
  reader.push(Buffer.from(after));
  void reader.end();
  most = Math.max(most, used() - start);
  return { most, reading, unreadable: reader.unreadable };
};

for (const [name, [open, filler, close]] of Object.entries(fillers)) {
  test(`64 MiB of ${name} in a JSON answer take less than 2 MiB, and its usage is found`, () => {
    const { most, reading, unreadable } = feed('application/json', head + open, filler, close + tail, 64);
    assert.ok(most < 2 * mebibyte, `${most} bytes`);
    assert.equal(reading.usage?.output, 4);
    assert.deepEqual(reading.finish, ['stop']);
    assert.equal(unreadable, false);
  });

  test(`32 MiB of ${name} in one line of an event stream take less than 2 MiB, and the usage in it and behind it is found`, () => {
    for (const behind of ['', usageChunk]) {
      const before = `data: {"choices":[]}\n\ndata: ${head}${open}`;
      const end = behind === '' ? tail : tail.replace(/,"usage".*/, '}');
      const { most, reading, unreadable } = feed(
        'text/event-stream',
        before,
        filler,
        `${close}${end}\n\n${behind}`,
        32,
      );
      assert.ok(most < 2 * mebibyte, `${most} bytes`);
      assert.equal(reading.usage?.output, 4);
      assert.equal(unreadable, false);
    }
  });
}

test('a body that comes byte by byte takes no more memory than its bytes, twice', () => {
  const start = used();
  const reader = new AnswerReader(openaiChat, newReading(false), platform, {}, 1 << 26, false);
  for (const byte of Buffer.alloc(200_000, 0x7b)) reader.push(Uint8Array.of(byte));
  assert.ok(used() - start < mebibyte);
  void reader.end();
});
