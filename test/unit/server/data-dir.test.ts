import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataDir } from '../../../server/data-dir.ts';

const temporary = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'data-dir-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a directory and its secret are made for their owner only', (t) => {
  const path = join(temporary(t), 'a', 'data');
  const { secret } = openDataDir(path);
  assert.equal(secret.length, 32);
  assert.equal(mode(path), '700');
  assert.deepEqual(readdirSync(path), ['hmac.key']);
  assert.equal(mode(join(path, 'hmac.key')), '600');
});

test('the secret stays the same for the life of the directory, and differs between two', (t) => {
  const dir = temporary(t);
  const first = openDataDir(join(dir, 'a')).secret;
  assert.deepEqual(openDataDir(join(dir, 'a')).secret, first);
  assert.notDeepEqual(openDataDir(join(dir, 'b')).secret, first);
});

test('a directory that exists keeps its rights: they may be meant', (t) => {
  const dir = temporary(t);
  chmodSync(dir, 0o750);
  openDataDir(dir);
  assert.equal(mode(dir), '750');
});

test('a file in the place of the directory is refused with the remedy', (t) => {
  const file = join(temporary(t), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    assert.throws(() => openDataDir(path), /cannot be used: it is a file\. Set data_dir to a directory of your own\./);
  }
});

test('a directory without the right to write is refused with the remedy', (t) => {
  const dir = temporary(t);
  chmodSync(dir, 0o555);
  // Root may write everywhere: it lays its rights down for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.throws(() => openDataDir(dir), /no right to write there/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a secret that others may read, that is cut, or that is no file is refused', (t) => {
  const dir = temporary(t);
  const path = join(dir, 'hmac.key');
  writeFileSync(path, new Uint8Array(32), { mode: 0o644 });
  assert.throws(() => openDataDir(dir), /others may read it; run: chmod 600/);
  chmodSync(path, 0o600);
  writeFileSync(path, new Uint8Array(31));
  assert.throws(() => openDataDir(dir), /it has 31 bytes instead of 32/);
  rmSync(path);
  mkdirSync(path);
  assert.throws(() => openDataDir(dir), /not a regular file/);
  rmSync(path, { recursive: true });
  symlinkSync('/dev/zero', path);
  assert.throws(() => openDataDir(dir), /not a regular file/);
});
