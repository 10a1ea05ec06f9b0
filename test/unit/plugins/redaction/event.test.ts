import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { captured } from '../../../../plugins/redaction/event.ts';
import type { Generated } from '../../../../plugins/redaction/generated.ts';
import type { Json } from '../../../../plugins/wire.ts';

const maxBytes = 64 * 1024;
const hmac = (text: string) => `h(${text.length})`;
const generated = (content: string[], more: Partial<Generated> = {}): Generated => ({
  content,
  reasoning: [],
  calls: [],
  room: 1,
  cut: false,
  ...more,
});
const store = (prompt: Json, answer: string[] | null = null, room = maxBytes) =>
  captured({ prompt, answer: answer && generated(answer) }, { mode: 'redacted', maxBytes: room, hmac });
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
  const hashOf = (prompt: Json) =>
    captured({ prompt, answer: generated(['a', 'b']) }, { mode: 'hash', maxBytes, hmac });
  assert.notEqual(hashOf(many(300, 'hi')).input_hash, hashOf(many(301, 'hi')).input_hash);
  assert.equal(hashOf('hi').output_hash, 'hmac-sha256:h(2)');
  assert.equal(hashOf(null).input_hash, null);
});

/** Stores an answer alone. */
const answered = (answer: Generated, room = maxBytes, mode: 'redacted' | 'full' = 'full') => {
  const { output, output_truncated } = captured({ prompt: null, answer }, { mode, maxBytes: room, hmac });
  return { message: output?.generations[0]?.message, truncated: output_truncated, output };
};

test('an answer is shown as text, tool calls and reasoning, each put together from its pieces', () => {
  const call = { key: 0, name: 'weather', arguments: ['{"ci', 'ty":"Paris"}'] };
  const { message, truncated } = answered(
    generated(['It ', 'rains.'], { reasoning: ['Let me ', 'see.'], calls: [call] }),
  );
  assert.deepEqual(message, {
    role: 'assistant',
    content: 'It rains.',
    tool_calls: [{ name: 'weather', arguments: '{"city":"Paris"}' }],
    reasoning: 'Let me see.',
  });
  assert.equal(truncated, false);
});

test('text, calls and reasoning share one bound, in this order', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const calls = fc.array(fc.record({ name: text, arguments: fc.array(text, { maxLength: 3 }) }), { maxLength: 4 });
  fc.assert(
    fc.property(text, calls, text, fc.nat(400), (content, made, reasoning, room) => {
      const answer = generated([content], {
        reasoning: [reasoning],
        calls: made.map((call) => ({ key: null, ...call })),
      });
      const { output, message, truncated } = answered(answer, room);
      assert.ok(output === null || bytes(output) <= room, `${bytes(output)} > ${room}`);
      if (truncated || !output) return;
      assert.equal(message?.tool_calls?.length ?? 0, made.length);
    }),
  );
  const long = generated(['word '.repeat(100)], {
    reasoning: ['why '],
    calls: [{ key: null, name: 'f', arguments: ['{}'] }],
  });
  const { message, truncated } = answered(long, 300);
  assert.deepEqual([message?.tool_calls, message?.reasoning, truncated], [undefined, undefined, true]);
});

test('a secret in any part of an answer is taken out, also where the kept part ends within it', () => {
  const secret = `sk-${'z'.repeat(30)}`;
  const parts = {
    reasoning: [`say ${secret}`],
    calls: [{ key: null, name: secret, arguments: [`{"k":"${secret}"}`] }],
  };
  assert.doesNotMatch(JSON.stringify(answered(generated([`a ${secret}`], parts))), /zzz/);
  const cut = generated(['the key is sk-zzz'], { room: 0, cut: true });
  assert.deepEqual(answered(cut).message?.content, 'the key is ');
  assert.equal(answered(cut).truncated, true);
});

test('data in base64 that comes split over many pieces is not stored', () => {
  const data = 'QUJD'.repeat(5000);
  const pieces = data.match(/.{1,40}/g) ?? [];
  for (const kind of ['content', 'reasoning', 'arguments'] as const) {
    const answer =
      kind === 'arguments'
        ? generated([], { calls: [{ key: null, name: 'save', arguments: ['{"file":"', ...pieces, '"}'] }] })
        : generated([], { [kind]: ['Here: ', ...pieces] });
    const stored = JSON.stringify(answered(answer).output);
    assert.match(stored, /\[binary\]/, kind);
    assert.doesNotMatch(stored, /QUJDQUJD/, kind);
  }
});
