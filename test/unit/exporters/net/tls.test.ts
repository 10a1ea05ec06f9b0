import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tlsProblems } from '../../../../exporters/net/tls.ts';
import { folder } from '../given.ts';
import { authority } from './certificates.ts';

test('certificates that no connection could be made with are told when the configuration is read', (t) => {
  const own = authority(t);
  if (!own) return t.skip('openssl is missing');
  const [one, other] = [own.issue('one'), own.issue('other')];
  const dir = folder(t);
  const [locked, broken] = [join(dir, 'locked.key'), join(dir, 'broken.pem')];
  const passphrase = ['planted', 'passphrase'].join('-');
  spawnSync('openssl', ['pkey', '-in', one.key, '-aes256', '-passout', `pass:${passphrase}`, '-out', locked]);
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  assert.deepEqual(tlsProblems({ tls: { ca: own.ca, ...one } }, 'config'), []);
  for (const tls of [
    { ...one, key: locked },
    { ...one, key: other.key },
    { ...one, cert: broken },
  ]) {
    const problems = tlsProblems({ tls }, 'config');
    assert.deepEqual(
      problems.map(({ place }) => place),
      ['config.tls'],
      JSON.stringify(tls),
    );
    assert.ok(!JSON.stringify(problems).includes(passphrase));
  }
});
