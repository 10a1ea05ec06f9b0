import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyOf, signatureHeaders } from '../../../../exporters/webhook/signature.ts';
import { folder } from '../given.ts';

test('the receiver in the README takes what is signed, and nothing else', async (t) => {
  const readme = readFileSync(new URL('../../../../exporters/webhook/README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const file = join(folder(t), 'receiver.mjs');
  writeFileSync(file, code);
  const { isGenuine } = await import(file);
  const [first = '', second = '', stranger] = [1, 2, 3].map(
    (seed) => `whsec_${Buffer.alloc(32, seed).toString('base64')}`,
  );
  const body = Buffer.from('[{"text":"Grüße 👋"}]');
  const signed = (now: number): object => ({
    'webhook-id': 'batch_1',
    ...signatureHeaders('batch_1', body.toString(), [keyOf(first), keyOf(second)], now),
  });
  const fresh = signed(Date.now());
  for (const secret of [first, second]) assert.equal(isGenuine(fresh, body, secret), true);
  assert.equal(isGenuine(fresh, body, stranger), false);
  assert.equal(isGenuine(fresh, Buffer.from('[]'), first), false);
  assert.equal(isGenuine({ ...fresh, 'webhook-id': 'batch_2' }, body, first), false);
  assert.equal(isGenuine(signed(Date.now() - 600_000), body, first), false);
  assert.equal(isGenuine({}, body, first), false);
});
