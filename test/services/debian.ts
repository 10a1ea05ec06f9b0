/** Programs of Debian packages, unpacked into a folder of the project: nothing is installed, no rights are needed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/llm-usage-audit/', import.meta.url));

export interface Unpacked {
  /** Folder with `usr/bin` and `usr/lib` inside. */
  readonly root: string;
  /** For the environment of a program from it. */
  readonly libraries: string;
}

/** Downloads and unpacks packages once. Rejects with what is missing: apt, or the network. */
export const unpacked = async (name: string, packages: readonly string[]): Promise<Unpacked> => {
  const root = `${cache}${name}`;
  const found = { root, libraries: `${root}/usr/lib/x86_64-linux-gnu:${root}/usr/lib/aarch64-linux-gnu` };
  if (existsSync(root)) return found;
  // Several tests may want it at once: each unpacks for itself, the first one stays.
  const own = `${root}.${process.pid}`;
  await rm(own, { recursive: true, force: true });
  await mkdir(`${own}/packages`, { recursive: true });
  try {
    await run('apt-get', ['download', ...packages], { cwd: `${own}/packages`, timeout: 120_000 });
    for (const file of await readdir(`${own}/packages`)) await run('dpkg', ['-x', `${own}/packages/${file}`, own]);
    await rm(`${own}/packages`, { recursive: true });
    await rename(own, root).catch((error: unknown) => {
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return found;
};
