import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64Bytes } from '../../../../plugins/framing/base64.ts';

test('any bytes come back as they were, with padding and without', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.deepEqual(base64Bytes(text), bytes);
      assert.deepEqual(base64Bytes(text.replace(/=+$/, '')), bytes);
    }),
  );
});

test('what is not Base64 is null', () => {
  for (const text of ['A', 'AAAAA', 'AA A', 'A=AA', 'AA-_', 'AAA\u00e9', 'AAA\u{1f600}', 'AAAA===='])
    assert.equal(base64Bytes(text), null, text);
});
