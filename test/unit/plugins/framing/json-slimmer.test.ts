import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonSlimmer } from '../../../../plugins/framing/json-slimmer.ts';

const encoder = new TextEncoder();

const slim = (bytes: Uint8Array, split = bytes.length): string | null => {
  const slimmer = new JsonSlimmer();
  for (let at = 0; at < bytes.length; at += split) slimmer.push(bytes.subarray(at, at + split));
  return slimmer.text();
};

const slimmed = (value: unknown): unknown => JSON.parse(slim(encoder.encode(JSON.stringify(value))) ?? 'null');

test('what is small stays as it is, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 2 }),
      (value, split, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(JSON.parse(slim(encoder.encode(text), split) ?? ''), JSON.parse(text));
      },
    ),
    { numRuns: 1000 },
  );
});

test('text with any escapes and characters is cut to valid text that it begins with, wherever the bytes are cut', () => {
  const piece = fc.constantFrom('\\', '"', '\\"', '\u0001', 'é', '漢', '😀', ' ', 'a', '\ud800', '\n');
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 4096 }),
      (pieces, split) => {
        const long = pieces.join('').repeat(1200);
        const text = JSON.stringify({ a: long, b: pieces.join('') });
        const found = JSON.parse(slim(encoder.encode(text), split) ?? '');
        assert.ok(long.startsWith(found.a));
        assert.equal(found.b, pieces.join(''));
      },
    ),
    { numRuns: 60 },
  );
});

test('base64 goes but for its beginning, vectors but for their first numbers, and what stands behind them stays', () => {
  const found = slimmed({
    data: Array.from({ length: 300 }, (_, index) => ({
      index,
      vector: Array.from({ length: 3000 }, () => 0.123456789),
      image: 'QUJD'.repeat(5000),
    })),
    text: 'a word '.repeat(1000),
    usage: { input_tokens: 7, details: [{ modality: 'TEXT', tokens: 7 }] },
  }) as { data: { vector: number[]; image: string }[]; text: string; usage: unknown };
  assert.ok(found.data.length > 100);
  assert.equal(found.data[0]?.vector.length, 16);
  assert.equal(found.data[0]?.image.length, 1024);
  assert.equal(found.text, 'a word '.repeat(1000));
  assert.deepEqual(found.usage, { input_tokens: 7, details: [{ modality: 'TEXT', tokens: 7 }] });
});

test('usage is found behind a list of a million objects, and before one', () => {
  const words = Array.from({ length: 100_000 }, (_, at) => ({ word: `w${at}`, start: at }));
  const usage = { input_tokens: 1, output_tokens_details: { reasoning_tokens: 0 } };
  const found = slimmed({ first: usage, response: { words, usage }, last: usage }) as Record<string, unknown>;
  assert.deepEqual(found.first, usage);
  assert.deepEqual((found.response as { usage: unknown }).usage, usage);
  assert.deepEqual(found.last, usage);
});

test('of a key that stands twice the last value counts, as in JSON', () => {
  assert.deepEqual(JSON.parse(slim(encoder.encode('{"a":1,"a":{"b":2}}')) ?? ''), { a: { b: 2 } });
});

test('what is no JSON, or not complete, gives nothing or something that is no JSON either', () => {
  for (const text of [
    '',
    '{',
    '{"a":1',
    '[1,2',
    '{"a" 1}',
    '{"a":1,}',
    '[1,]',
    '{]',
    '{"a":1}}',
    '1 2',
    '{"a"}',
    '{1:2}',
  ]) {
    assert.equal(slim(encoder.encode(text)), null, text);
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 1eatrufls-.'), maxLength: 40 }), (text) => {
      const found = slim(encoder.encode(text));
      if (found !== null && parses(found)) assert.ok(parses(text), text);
    }),
    { numRuns: 3000 },
  );
});

test('nesting without end, names without end and numbers without end take no memory', () => {
  const deep = slim(encoder.encode(`{"a":${'['.repeat(500_000)}${']'.repeat(500_000)},"b":1}`)) ?? '';
  assert.equal(JSON.parse(deep).b, 1);
  assert.ok(deep.length < 1000);
  const number = slim(encoder.encode(`{"a":${'1'.repeat(500_000)},"b":1}`)) ?? '';
  assert.deepEqual(JSON.parse(number), { b: 1 });
  const members = Array.from({ length: 200_000 }, (_, at) => `"member ${at}":{"a":[{"b":1}]}`);
  assert.ok((slim(encoder.encode(`{${members.join()}}`)) ?? '').length < 1024 * 1024);
});

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
