import assert from 'node:assert/strict';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';

const answers: Record<string, dns.LookupAddress[]> = {
  'collector.internal': [
    { address: '10.1.2.3', family: 4 },
    { address: 'fd12::1', family: 6 },
  ],
  'rebind.example': [
    { address: '10.1.2.3', family: 4 },
    { address: '169.254.169.254', family: 4 },
  ],
  'mapped.example': [{ address: '::ffff:169.254.169.254', family: 6 }],
};

test('a name is checked by the addresses that it has when the connection is made, all of them', async (t) => {
  t.mock.method(dns, 'lookup', ((
    hostname: string,
    _: object,
    callback: (error: Error | null, found: dns.LookupAddress[]) => void,
  ) => (answers[hostname] ? callback(null, answers[hostname]) : callback(new Error('ENOTFOUND'), []))) as never);
  syncBuiltinESMExports();
  const { guardOf } = await import('../../../../exporters/net/address.ts');
  const resolve = (hostname: string, all: boolean): Promise<unknown> =>
    new Promise((done, failed) =>
      guardOf('file').lookup(hostname, { all }, (error, address, family) =>
        error ? failed(error) : done(family === undefined ? address : [address, family]),
      ),
    );
  assert.deepEqual(await resolve('collector.internal', true), answers['collector.internal']);
  assert.deepEqual(await resolve('collector.internal', false), ['10.1.2.3', 4]);
  for (const hostname of ['rebind.example', 'mapped.example']) {
    for (const all of [true, false]) await assert.rejects(resolve(hostname, all), { code: 'ERR_FORBIDDEN_ADDRESS' });
  }
  await assert.rejects(resolve('nowhere.example', true), /ENOTFOUND/);
  t.mock.restoreAll();
  syncBuiltinESMExports();
});
