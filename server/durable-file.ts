/** Small files that survive a crash whole: either the old content or the new one, never a part. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from '../exporters/spool/disk.ts';

/** Writes a file (0600) and forces it to the disk; the name itself is not. */
export const writeDurably = (path: string, content: string | Uint8Array): void => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const file = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/** Puts new content in the place of a file, or makes it. */
export const replaceFile = (path: string, content: string): void => {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeDurably(draft, content);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
};
