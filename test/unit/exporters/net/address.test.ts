import assert from 'node:assert/strict';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import type { Guard } from '../../../../exporters/net/address.ts';

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
  'scoped.example': [{ address: 'fe80::1%eth0', family: 6 }],
  'public.example': [{ address: '93.184.215.14', family: 4 }],
  'half.example': [
    { address: '93.184.215.14', family: 4 },
    { address: '192.168.0.7', family: 4 },
  ],
};

const { guardOf, forbiddenLiteral } = await (async () => {
  const { lookup } = dns;
  dns.lookup = ((hostname: string, _: object, callback: (error: Error | null, found: dns.LookupAddress[]) => void) =>
    answers[hostname] ? callback(null, answers[hostname]) : callback(new Error('ENOTFOUND'), [])) as never;
  syncBuiltinESMExports();
  const loaded = await import('../../../../exporters/net/address.ts');
  test.after(() => {
    dns.lookup = lookup;
    syncBuiltinESMExports();
  });
  return loaded;
})();

const resolve = (guard: Guard, hostname: string, all = true): Promise<unknown> =>
  new Promise((done, failed) =>
    guard.lookup(hostname, { all }, (error, address, family) =>
      error ? failed(error) : done(family === undefined ? address : [address, family]),
    ),
  );

const forbidden = { code: 'ERR_FORBIDDEN_ADDRESS' };

test('a name is checked by the addresses that it has when the connection is made, all of them', async () => {
  const guard = guardOf('file');
  assert.deepEqual(await resolve(guard, 'collector.internal'), answers['collector.internal']);
  assert.deepEqual(await resolve(guard, 'collector.internal', false), ['10.1.2.3', 4]);
  for (const hostname of ['rebind.example', 'mapped.example', 'scoped.example']) {
    for (const all of [true, false]) await assert.rejects(resolve(guard, hostname, all), forbidden);
  }
  await assert.rejects(resolve(guard, 'nowhere.example'), /ENOTFOUND/);
});

test('what somebody else chose gets no further than public addresses and those that the operator allows', async () => {
  const guard = guardOf({ allow: ['*.internal', '192.168.0.0/24'] });
  assert.deepEqual(await resolve(guard, 'public.example'), answers['public.example']);
  assert.deepEqual(await resolve(guard, 'half.example'), answers['half.example']);
  assert.deepEqual(await resolve(guard, 'collector.internal'), answers['collector.internal']);
  await assert.rejects(resolve(guardOf({ allow: [] }), 'half.example'), forbidden);
  await assert.rejects(resolve(guardOf({ allow: ['internal', 'ollector.internal'] }), 'collector.internal'), forbidden);
  // Where clouds hand out credentials nothing is allowed.
  await assert.rejects(resolve(guardOf({ allow: ['rebind.example', '0.0.0.0/0'] }), 'rebind.example'), forbidden);
});

const special = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[2001:0:4136:e378:8000:63bf:3fff:fdd2]', // Teredo
  '[::ffff:10.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[::10.0.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::808:808]',
  '[2002:a00:1::1]', // 6to4 of 10.0.0.1
  '[2002:7f00:1::]',
];
const metadata = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[fd00:ec2::23]',
  '[fd00:c1::a9fe:a9fe]',
  '[fd00:42::42]',
  '[fd00:a9fe:a9fe::1]',
  '[fd00:100::100:200]',
  '[fd20:ce::254]',
  '[::ffff:169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[2002:a9fe:a9fe::]',
  '[::169.254.169.254]',
];
const open = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '[2606:4700::1111]', '[64:ff9b::8.8.8.8]', '[2002:808:808::1]'];

test('addresses are known in all the forms under which they can be reached', () => {
  const [file, strict, all] = [guardOf('file'), guardOf({ allow: [] }), guardOf({ allow: ['0.0.0.0/0', '::/0'] })];
  for (const address of special) {
    assert.deepEqual(
      [address, file.forbids(address), strict.forbids(address), all.forbids(address)],
      [address, false, true, false],
    );
  }
  for (const address of metadata) {
    assert.deepEqual(
      [address, forbiddenLiteral(address), file.forbids(address), strict.forbids(address), all.forbids(address)],
      [address, true, true, true, true],
    );
  }
  for (const address of open) assert.deepEqual([address, strict.forbids(address)], [address, false]);
});

test('an entry that makes no sense allows nothing', () => {
  for (const entry of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', '/8', '', '*', '10.0.0']) {
    assert.equal(guardOf({ allow: [entry] }).forbids('10.0.0.1'), true, entry);
  }
  assert.equal(guardOf({ allow: ['10.0.0.1'] }).forbids('10.0.0.1'), false);
  assert.equal(guardOf({ allow: ['10.0.0.1'] }).forbids('10.0.0.2'), true);
});
