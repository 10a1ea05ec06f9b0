import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { captured } from '../../../../plugins/redaction/event.ts';
import type { Json } from '../../../../plugins/wire.ts';

const maxBytes = 64 * 1024;
const hmac = (text: string) => `h(${text.length})`;
const store = (prompt: Json, answer: string[] | null = null, room = maxBytes) =>
  captured({ prompt, answer }, { mode: 'redacted', maxBytes: room, hmac });
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const says = (content: string, role = 'user') => ({ role, content });
const many = (count: number, content: string, role = 'user') =>
  Array.from({ length: count }, () => says(content, role));

test('of more than 256 messages the first 256 are kept, and the cut is marked', () => {
  assert.equal(store(many(256, 'hi')).input_truncated, false);
  const { input_prompt, input_truncated } = store([says('be brief', 'system'), ...many(299, 'hi')]);
  assert.equal(input_prompt?.length, 256);
  assert.deepEqual(input_prompt?.[0], says('be brief', 'system'));
  assert.equal(input_truncated, true);
});

test('prompt and answer take no more bytes of the event than allowed, whatever they are made of', () => {
  for (const content of ['', 'a', '"', '\u0001', '\ud800', '水', '😀', 'word ', 'sk-'])
    for (const [count, times] of [
      [1, 100_000],
      [300, 1000],
      [300_000, 1],
    ] as const)
      for (const role of ['', 'user', '\u0000'.repeat(100), '水'.repeat(100)]) {
        const text = content.repeat(times);
        const { input_prompt, output } = store(many(count, text, role), [text, text]);
        assert.ok(bytes(input_prompt) <= maxBytes, `${count} x ${JSON.stringify(content)}: ${bytes(input_prompt)}`);
        assert.ok(bytes(output) <= maxBytes, `${JSON.stringify(content)}: ${bytes(output)}`);
      }
});

test('what fits is kept to the letter and not marked, what does not is', () => {
  const fits = store([says('a "quoted" 水\n')], ['b 😀']);
  assert.deepEqual(fits.input_prompt, [says('a "quoted" 水\n')]);
  assert.deepEqual(fits.output, { generations: [{ message: { role: 'assistant', content: 'b 😀' } }] });
  assert.deepEqual([fits.input_truncated, fits.output_truncated], [false, false]);
  const cut = store(many(2, 'word '.repeat(10_000)), ['word '.repeat(20_000)]);
  assert.deepEqual([cut.input_truncated, cut.output_truncated], [true, true]);
});

test('any small room is kept to, and what is not cut is whole', () => {
  const message = fc.record({ role: fc.string(), content: fc.string({ unit: 'binary' }) });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.string(), fc.nat(200), (prompt, answer, room) => {
      const { input_prompt, input_truncated, output } = store(prompt, [answer], room);
      assert.ok(bytes(input_prompt) <= Math.max(2, room));
      assert.ok(output === null || bytes(output) <= room);
      if (!input_truncated) assert.equal(input_prompt?.length, prompt.length);
    }),
  );
});

test('text that shrinks to a mark is not searched without end', () => {
  const prompt = many(100, 'QUJD'.repeat(64 * 1024));
  const { input_prompt, input_truncated } = store(prompt);
  assert.equal(input_truncated, true);
  assert.ok((input_prompt?.length ?? 0) <= 2);
});

test('a role is an identifier: cut, and without secrets', () => {
  const secret = `sk-${'z'.repeat(30)}`;
  assert.deepEqual(store([says('a', secret), says('b', 'r'.repeat(1000))]).input_prompt, [
    says('a', '[secret]'),
    says('b', 'r'.repeat(32)),
  ]);
});

test('a hash is of the whole prompt, however many its messages', () => {
  const hashOf = (prompt: Json) => captured({ prompt, answer: ['a', 'b'] }, { mode: 'hash', maxBytes, hmac });
  assert.notEqual(hashOf(many(300, 'hi')).input_hash, hashOf(many(301, 'hi')).input_hash);
  assert.equal(hashOf('hi').output_hash, 'hmac-sha256:h(2)');
  assert.equal(hashOf(null).input_hash, null);
});
