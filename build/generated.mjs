/** Files that are made from others, and committed: so that the source runs without a build. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

// In this order: the schema of the configuration takes in that of the exporters.
const generators = ['registries', 'dialects', 'vendors', 'catalogue', 'schemas'];

const root = new URL('../', import.meta.url);

/** Calls `take(path, content)` for every generated file; a later generator sees what `take` wrote for an earlier one. */
const each = async (take) => {
  for (const name of generators) {
    const { generate } = await import(`./${name}.mjs`);
    for (const [path, content] of await generate()) await take(path, content);
  }
};

const current = (path) => readFile(new URL(path, root), 'utf8').catch(() => null);

/** Writes the files that are not as they should be; resolves to their paths. */
export const writeGenerated = async () => {
  const written = [];
  await each(async (path, content) => {
    if ((await current(path)) === content) return;
    await mkdir(new URL(`${dirname(path)}/`, root), { recursive: true });
    await writeFile(new URL(path, root), content);
    written.push(path);
  });
  return written;
};

/** Paths of the files that are not as they should be. */
export const staleFiles = async () => {
  const stale = [];
  await each(async (path, content) => {
    if ((await current(path)) !== content) stale.push(path);
  });
  return stale;
};
