/** What QuickJS lacks and we bring: against Node's own. */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Broken, inflate, inflateRaw } from '../../../../plugins/hosts/otoroshi/wasm/inflate.ts';
import { masked } from '../../../../plugins/hosts/otoroshi/wasm/masked.ts';
import { hmacSha256, sha256 } from '../../../../plugins/hosts/otoroshi/wasm/sha256.ts';
import { utf8Bytes, utf8Text } from '../../../../plugins/hosts/otoroshi/wasm/utf8.ts';

const most = 1 << 22;
const same = (one: Uint8Array, other: Uint8Array) => assert.ok(Buffer.from(one).equals(Buffer.from(other)));

test('what zlib packs comes out again, whatever the level, strategy and envelope', () => {
  const texts = [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(100_000, 'abc'),
    randomBytes(70_000),
    Buffer.from('Grüezi 🙂 '.repeat(999)),
  ];
  const strategies = [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE];
  for (const text of texts)
    for (const level of [0, 1, 9])
      for (const strategy of strategies) {
        same(inflateRaw(deflateRawSync(text, { level, strategy }), most), text);
        same(inflate('gzip', gzipSync(text, { level, strategy }), most), text);
        same(inflate('deflate', deflateSync(text, { level, strategy }), most), text);
        same(inflate('deflate', deflateRawSync(text, { level, strategy }), most), text);
      }
});

test('what is cut, garbled or a bomb is refused, and nothing else happens', () => {
  const packed = gzipSync(Buffer.alloc(1 << 20));
  assert.throws(() => inflate('gzip', packed, 1 << 16), Broken);
  assert.throws(() => inflate('gzip', packed.subarray(0, packed.length / 2), most), Broken);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        inflateRaw(bytes, 1 << 16);
      } catch (error) {
        assert.ok(error instanceof Broken);
      }
    }),
  );
});

test('hashes are those of the standard', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 1000]) {
    const message = randomBytes(length);
    same(sha256(message), createHash('sha256').update(message).digest());
  }
  for (const key of ['k', 'ü'.repeat(80)])
    assert.equal(hmacSha256(key, 'ada@example.org'), createHmac('sha256', key).update('ada@example.org').digest('hex'));
});

test('texts and bytes as TextDecoder and TextEncoder have them', () => {
  const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      same(utf8Bytes(text), new TextEncoder().encode(text));
      assert.equal(utf8Text(latin1(new TextEncoder().encode(text)), true), text.toWellFormed());
    }),
  );
  assert.throws(() => utf8Text('\xff', true), TypeError);
  assert.equal(utf8Text('a\xffb\xc3\xbc', false), 'a\ufffdbü');
});

test('of a request its shape stays and its words go', () => {
  const body = {
    model: 'gpt-image-1',
    size: '1024x1024',
    n: 2,
    prompt: 'My secret',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Geheimnis' }] }],
    custom: { note: 'what I never say' },
    metadata: { session_id: 's-1' },
  };
  const { model, size, n, prompt, messages, custom, metadata } = masked(body) as typeof body;
  assert.deepEqual({ model, size, n, metadata }, { model: body.model, size: body.size, n: 2, metadata: body.metadata });
  assert.deepEqual([prompt, custom.note], ['xx xxxxxx', 'xxxx x xxxxx xxx']);
  assert.equal(messages[0]?.content[0]?.text, 'xxxxxxxxx');
});
