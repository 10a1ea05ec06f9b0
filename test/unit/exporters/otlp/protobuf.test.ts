import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtobufWriter, readFields } from '../../../../exporters/otlp/protobuf.ts';

test('what is written is read back, whatever the sizes, in an order that ends at the beginning', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    fc.integer({ min: -(2 ** 53) + 1, max: -1 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
  const field = fc.tuple(fc.integer({ min: 1, max: 2 ** 29 - 1 }), value);
  fc.assert(
    fc.property(fc.array(field), fc.integer({ min: 0, max: 50 }), (fields, size) => {
      const writer = new ProtobufWriter(size);
      writer.message(3, () => {
        for (const [number, one] of fields.toReversed()) {
          if (typeof one === 'number') writer.integer(number, one);
          else writer.string(number, one);
        }
      });
      const [message, ...more] = readFields(writer.result) ?? [];
      assert.equal(more.length, 0);
      assert.equal(message?.[0], 3);
      assert.deepEqual(
        readFields(message?.[1] as Buffer)?.map(([number, one]) => [
          number,
          Buffer.isBuffer(one) ? one.toString() : one,
        ]),
        fields,
      );
    }),
  );
});

test('bytes from outside never throw, and are a message or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const fields = readFields(Buffer.from(bytes));
      assert.ok(fields === null || Array.isArray(fields));
    }),
    { numRuns: 3_000 },
  );
});
