/** A file system of a few megabytes, so that a disk can be full: a tmpfs, which takes root to mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface SmallDisk {
  readonly path: string;
  /** Bytes that it can hold from now on. */
  grow(bytes: number): void;
}

const mount = (...args: string[]): string | null => {
  const { status, error, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? null : (error?.message ?? stderr.trim());
};

/** Null, with the test marked as skipped and the reason said, where nothing can be mounted. */
export const smallDisk = (t: Pick<TestContext, 'after' | 'skip'>, bytes: number): SmallDisk | null => {
  const path = mkdtempSync(join(tmpdir(), 'llm-audit-disk-'));
  const refused = mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'llm-audit-test', path);
  t.after(() => {
    if (refused === null) spawnSync('umount', ['-l', path]);
    rmSync(path, { recursive: true, force: true });
  });
  if (refused !== null) {
    t.skip(`a small disk to fill cannot be mounted, which takes root: ${refused}`);
    return null;
  }
  return {
    path,
    grow: (size) => {
      const failed = mount('-o', `remount,size=${size}`, path);
      if (failed !== null) throw new Error(failed);
    },
  };
};
