import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../../../exporters/kafka/crc32c.ts';

test('the checksums that RFC 3720 gives', () => {
  for (const [bytes, expected] of [
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
    [Buffer.from('123456789'), 0xe3069283],
    [new Uint8Array(0), 0],
  ] as const)
    assert.equal(crc32c(bytes), expected);
});

test('of any bytes it is what kafkajs itself would reckon', () => {
  // A file of its own with no copy in the cache yet: what kafkajs comes with.
  const theirs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C/crc32C.js');
  assert.notEqual(theirs, crc32c);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => crc32c(bytes) === theirs(bytes)));
});
