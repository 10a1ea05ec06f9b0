import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { promptChars, promptMessages } from '../../../../plugins/redaction/prompt.ts';
import type { Json } from '../../../../plugins/wire.ts';

const nestedIn = (levels: number, core: string, open = '[', close = ']'): Json =>
  JSON.parse(open.repeat(levels) + core + close.repeat(levels));

test('every prompt layout gives roles and texts, and names what is not text', () => {
  assert.deepEqual(promptMessages('hi'), [{ role: 'user', content: 'hi' }]);
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'image_url', image_url: { url: 'x' } },
  ];
  assert.deepEqual(promptMessages([{ role: 'user', content: parts }]), [{ role: 'user', content: 'a\n[image_url]' }]);
  assert.deepEqual(promptMessages([{ type: 'function_call_output', output: 'ok' }]), [
    { role: 'function_call_output', content: 'ok' },
  ]);
  assert.deepEqual(
    promptMessages(['a', 1, { role: 'user', content: { text: 'b' } }, {}]).map((message) => message.content),
    ['a', '1', 'b', ''],
  );
  assert.deepEqual(promptMessages(null), []);
});

test('a prompt nested 20,000 levels deep is read to a bounded depth', () => {
  for (const prompt of [
    nestedIn(20_000, '"a"'),
    [{ role: 'user', content: nestedIn(20_000, '"a"') }],
    [{ role: 'user', content: nestedIn(20_000, '1', '{"a":', '}') }],
    [{ role: 'user', content: nestedIn(20_000, '1', '[{"a":', '}]') }],
  ]) {
    const [message] = promptMessages(prompt);
    assert.match(message?.content ?? '', /\[nested\]/);
    assert.ok(promptChars(prompt) < 200);
  }
});

test('an object that is not text is shown in part, whatever its size', () => {
  const content = { values: Array.from({ length: 1_000_000 }, () => ({})) };
  assert.ok((promptMessages([{ role: 'user', content }])[0]?.content.length ?? 0) < 10_000);
  assert.equal(
    promptMessages([{ content: JSON.parse('{"__proto__":1,"a":[null,true]}') }])[0]?.content,
    '{"__proto__":1,"a":[null,true]}',
  );
});

test('the characters of a prompt are those of its messages', () => {
  const part = fc.record({ type: fc.constantFrom('text', 'image'), text: fc.oneof(fc.string(), fc.constant(null)) });
  const content = fc.oneof(fc.jsonValue({ maxDepth: 10 }), fc.array(part));
  const prompt = fc.oneof(fc.jsonValue(), fc.array(fc.record({ role: fc.string(), content })));
  fc.assert(
    fc.property(prompt, (any) => {
      const json = any as Json;
      const chars = promptMessages(json).reduce((sum, message) => sum + message.content.length, 0);
      assert.equal(promptChars(json), chars);
    }),
  );
});
