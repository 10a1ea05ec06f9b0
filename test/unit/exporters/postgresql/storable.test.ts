import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storable, textArray } from '../../../../exporters/postgresql/storable.ts';

const wellFormed = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');

/** Backslashes, letters of escapes and halves of characters, close together. */
const nasty = fc.string({
  unit: fc.constantFrom('\\', 'u', '0', 'd', '8', '3', 'D', 'e', '"', '\0', '\ud83d', '\ude00', '😀', 'é', '\n'),
  maxLength: 40,
});

test('any JSON means the same afterwards, but for U+0000 and half characters, which are U+FFFD', () => {
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
      assert.equal(JSON.parse(storable(JSON.stringify(text))), wellFormed(text));
    }),
    { numRuns: 3_000 },
  );
});

test('escaped pairs and escapes in capitals are read as what they are', () => {
  const escapedAll = (text: string): string =>
    `"${[...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`).join('')}"`;
  fc.assert(
    fc.property(nasty, (text) => {
      assert.equal(JSON.parse(storable(escapedAll(text))), wellFormed(text));
    }),
    { numRuns: 3_000 },
  );
});

test('a text without such escapes is the very same', () => {
  const text = JSON.stringify({ text: 'plain "quoted" \\ \n 😀' });
  assert.equal(storable(text), text);
});

/** array_recv, read back. */
const readArray = (bytes: Buffer): string[] => {
  assert.deepEqual(
    [0, 4, 8, 16].map((at) => bytes.readInt32BE(at)),
    [1, 0, 25, 1],
  );
  const texts: string[] = [];
  let at = 20;
  for (let left = bytes.readInt32BE(12); left > 0; left--) {
    const length = bytes.readInt32BE(at);
    texts.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  assert.equal(at, bytes.length);
  return texts;
};

test('an array of texts holds them all, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
      assert.deepEqual(readArray(textArray(texts)), texts);
    }),
  );
});
