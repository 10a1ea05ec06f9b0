/** What the platform of the Web has of its own, held against Node's. */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { webPlatform } from '../../../../plugins/hosts/fetch/platform.ts';
import { hmacSha256, sha256 } from '../../../../plugins/hosts/fetch/sha256.ts';

test('hashes are those of every other SHA-256, around the edges of its blocks too', () => {
  for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 70_000]) {
    const bytes = randomBytes(length);
    assert.equal(Buffer.from(sha256(bytes)).toString('hex'), createHash('sha256').update(bytes).digest('hex'));
    const expected = createHmac('sha256', bytes).update('a text').digest('hex');
    assert.equal(Buffer.from(hmacSha256(bytes, Buffer.from('a text'))).toString('hex'), expected);
  }
});

const unpacked = async (encoding: string, body: Uint8Array, most = 1_000_000) => {
  let text = '';
  const inflater = webPlatform(null, most).inflate(encoding, (bytes) => {
    text += Buffer.from(bytes).toString();
  });
  assert.ok(inflater);
  for (let at = 0; at < body.length; at += 3) inflater.push(body.subarray(at, at + 3));
  return { whole: await inflater.end(), text };
};

test('bodies are unpacked piece by piece; what is broken or a bomb is not whole', async () => {
  const text = '{"usage":{"total_tokens":7}}';
  assert.deepEqual(await unpacked('gzip', gzipSync(text)), { whole: true, text });
  assert.deepEqual(await unpacked('deflate', deflateSync(text)), { whole: true, text });
  if (webPlatform(null, 1).inflate('br', () => {}))
    assert.deepEqual(await unpacked('br', brotliCompressSync(text)), { whole: true, text });
  assert.deepEqual(await unpacked('gzip', Buffer.from(text)), { whole: true, text }, 'unpacked already');
  assert.equal((await unpacked('gzip', gzipSync(text).subarray(0, 20))).whole, false);
  assert.equal((await unpacked('gzip', gzipSync(Buffer.alloc(5_000_000)), 1_000)).whole, false);
  assert.equal(
    webPlatform(null, 1).inflate('lzma', () => {}),
    null,
  );
});

test('without a secret, pseudonyms hold for as long as the process', () => {
  const [one, other] = [webPlatform(null, 1), webPlatform(null, 1)];
  assert.equal(one.hmac('key'), one.hmac('key'));
  assert.notEqual(one.hmac('key'), other.hmac('key'));
  assert.match(one.hmac('key'), /^[0-9a-f]{32}$/);
});
