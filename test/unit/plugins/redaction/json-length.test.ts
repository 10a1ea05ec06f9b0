import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fit } from '../../../../plugins/redaction/json-length.ts';

const written = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

test('for any text, its length is that of its JSON: control characters, quotes and lone surrogates take their escapes', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const low = fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code));
  const text = fc
    .array(fc.oneof(low, unit, fc.constantFrom('\ud800', '\udc00', '😀', '\u2028')))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.nat(200), (any, room) => {
      assert.deepEqual(fit(any, Number.POSITIVE_INFINITY), { end: any.length, bytes: written(any) });
      const { end, bytes } = fit(any, room);
      assert.equal(bytes, written(any.slice(0, end)));
      assert.ok(bytes <= room && (end === any.length || bytes > room - 6));
    }),
  );
});
