import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeliveryError } from '../../../../exporters/errors.ts';
import { ownDirectory } from '../../../../exporters/spool/owner.ts';
import { folder } from '../given.ts';

const owned = (error: unknown): boolean =>
  error instanceof DeliveryError && error.code === 'directory_owned' && error.message.includes('data_dir');

test('a data directory has one owner at a time, within a process as well', (t) => {
  const dir = folder(t);
  const owner = ownDirectory(dir);
  assert.throws(() => ownDirectory(dir), owned);
  owner.release();
  ownDirectory(dir).release();
});

test('a process that was killed no longer owns its directory', async (t) => {
  const dir = folder(t);
  const module = new URL('../../../../exporters/spool/owner.ts', import.meta.url).href;
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { ownDirectory } = await import(${JSON.stringify(module)}); ownDirectory(${JSON.stringify(dir)}); console.log('mine'); setInterval(() => {}, 1000);`,
  ]);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(() => ownDirectory(dir), owned);
  child.kill('SIGKILL');
  await once(child, 'exit');
  ownDirectory(dir).release();
});

test('a directory that cannot be used is refused with the reason', (t) => {
  const path = join(folder(t), 'file');
  writeFileSync(path, '');
  assert.throws(
    () => ownDirectory(path),
    (error) => error instanceof DeliveryError && error.code === 'directory_unusable',
  );
});
