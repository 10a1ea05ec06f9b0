import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createKey, type KeyRequest, listKeys, revokeKey } from '../../../server/keys/key-file.ts';
import { openKeys } from '../../../server/keys.ts';

const now = Date.UTC(2026, 0, 31);
const day = 86_400_000;

const request: KeyRequest = {
  name: 'Team A',
  id: null,
  metadata: { team: 'a' },
  tags: ['internal'],
  tenant: null,
  expiresAt: null,
  trustHeaders: false,
};

const keyFile = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'keys-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return join(dir, 'keys.json');
};

const create = (file: string, changes: Partial<KeyRequest> = {}) => {
  const created = createKey(file, { ...request, ...changes }, now);
  if ('problem' in created) assert.fail(created.problem);
  return created;
};

const open = (t: TestContext, file: string, trouble?: (message: string) => void) => {
  const keys = openKeys(file, trouble);
  t.after(() => keys.close());
  return keys;
};

test('a key finds its consumer, and no other text does', (t) => {
  const file = keyFile(t);
  const { key } = create(file, { tenant: 'blue', trustHeaders: true });
  assert.match(key, /^lla_[A-Za-z0-9_-]{43}$/);
  const keys = open(t, file);
  assert.deepEqual(keys.find(key), {
    clientId: 'team-a',
    clientName: 'Team A',
    metadata: { team: 'a' },
    tags: ['internal'],
    tenant: 'blue',
    trustHeaders: true,
  });
  for (const other of ['', 'lla_', `${key} `, key.toLowerCase(), key.slice(0, -1)])
    assert.equal(keys.find(other), null);
});

test('the file holds the SHA-256 of a key, never the key, and is for its owner only', (t) => {
  const file = keyFile(t);
  const { key, entry } = create(file);
  const text = readFileSync(file, 'utf8');
  assert.ok(!text.includes(key.slice(4)));
  assert.ok(text.includes(entry.sha256));
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('an id is made from the name and given out once, also after it was revoked', (t) => {
  const file = keyFile(t);
  assert.equal(create(file, { name: 'Équipe  Nº 1!' }).entry.client_id, 'e-quipe-no-1');
  assert.equal(create(file).entry.client_id, 'team-a');
  assert.ok(revokeKey(file, 'team-a'));
  assert.equal(create(file).entry.client_id, 'team-a-2');
  assert.equal(create(file, { name: '🦜' }).entry.client_id, 'key');
  assert.deepEqual(createKey(file, { ...request, id: 'team-a' }, now), {
    problem: 'there is a key with the id "team-a" already',
  });
});

test('a request that makes no sound entry is refused and changes nothing', (t) => {
  const file = keyFile(t);
  const wrong: Partial<KeyRequest>[] = [
    { name: '' },
    { name: 'x'.repeat(257) },
    { id: '../x' },
    { tags: Array(65).fill('t') },
    { metadata: { team: 'x'.repeat(1025) } },
  ];
  for (const changes of wrong) assert.ok('problem' in createKey(file, { ...request, ...changes }, now));
  assert.deepEqual(listKeys(file), []);
});

test('revoking the last key does not open the gateway: it still counts', (t) => {
  const file = keyFile(t);
  const { key } = create(file);
  assert.ok(revokeKey(file, 'team-a'));
  const keys = open(t, file);
  assert.equal(keys.find(key), null);
  assert.equal(keys.count(), 1);
  assert.equal(revokeKey(file, 'nobody'), false);
});

test('a key ends when it expires, to the millisecond', (t) => {
  const file = keyFile(t);
  const { key } = create(file, { expiresAt: now + 30 * day });
  t.mock.timers.enable({ apis: ['Date'], now: now + 30 * day - 1 });
  const keys = open(t, file);
  assert.equal(keys.find(key)?.clientId, 'team-a');
  t.mock.timers.tick(1);
  assert.equal(keys.find(key), null);
});

test('a running gateway sees new and revoked keys within a second', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const file = keyFile(t);
  const keys = open(t, file);
  assert.equal(keys.count(), 0);
  const { key } = create(file);
  assert.equal(keys.find(key), null);
  t.mock.timers.tick(1000);
  assert.equal(keys.find(key)?.clientId, 'team-a');
  revokeKey(file, 'team-a');
  t.mock.timers.tick(1000);
  assert.equal(keys.find(key), null);
});

test('a file that breaks later leaves the keys as they were, and says so once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const file = keyFile(t);
  const { key } = create(file);
  const told: string[] = [];
  const keys = open(t, file, (message) => told.push(message));
  writeFileSync(file, '{"version": 1, "keys": [');
  t.mock.timers.tick(3000);
  assert.equal(keys.find(key)?.clientId, 'team-a');
  assert.deepEqual(told, [
    `The key file ${file} is not JSON; repair it, or restore a copy. The keys stay as they were.`,
  ]);
});

test('a file that is taken away takes the keys with it', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const file = keyFile(t);
  const { key } = create(file);
  const keys = open(t, file);
  unlinkSync(file);
  t.mock.timers.tick(1000);
  assert.equal(keys.find(key), null);
});

test('a broken file is refused at the start, with the place of each error and without its values', (t) => {
  const file = keyFile(t);
  const { entry } = create(file);
  const broken: [unknown, RegExp][] = [
    [[], /must be object/],
    [{ version: 2, keys: [] }, /version must be 1/],
    [{ version: 1, keys: [{ ...entry, sha256: 'plain-text' }] }, /keys\.0\.sha256 must match/],
    [{ version: 1, keys: [{ ...entry, key: 'plain-text' }] }, /keys\.0 there is no "key" here/],
    [{ version: 1, keys: [{ ...entry, expires_at: 'tomorrow' }] }, /keys\.0\.expires_at must match/],
  ];
  for (const [content, message] of broken) {
    writeFileSync(file, JSON.stringify(content));
    assert.throws(() => openKeys(file), message);
    assert.throws(
      () => openKeys(file),
      (error: Error) => !error.message.includes('plain-text'),
    );
  }
});

test('a date that does not exist never keeps a key alive', (t) => {
  const file = keyFile(t);
  const { key, entry } = create(file);
  writeFileSync(file, JSON.stringify({ version: 1, keys: [{ ...entry, expires_at: '2999-02-31T00:00:00Z' }] }));
  assert.equal(
    open(t, file).find(key)?.clientId ?? null,
    Number.isNaN(Date.parse('2999-02-31T00:00:00Z')) ? null : 'team-a',
  );
});
