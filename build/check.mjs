/** `npm run check`: everything that must hold besides the tests. All of it is tried, all failures are shown. */
import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { staleFiles } from './generated.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

/** Null when the tool is content, else what it prints. */
const tool = async (name, ...args) => {
  try {
    await run(`${root}node_modules/.bin/${name}`, args, {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, NO_COLOR: '1' },
    });
    return null;
  } catch (error) {
    return `${error.stdout ?? ''}${error.stderr ?? ''}` || String(error);
  }
};

const generatedFiles = async () => {
  const stale = await staleFiles();
  return stale.length === 0 ? null : `not as generated; run node build.mjs generate:\n  ${stale.join('\n  ')}`;
};

const jsonFiles = async () => {
  const broken = [];
  for await (const path of glob('{*,{schemas,plugins,exporters,dashboards,examples,test}/**/*}.json', { cwd: root })) {
    try {
      JSON.parse(await readFile(`${root}${path}`, 'utf8'));
    } catch (error) {
      broken.push(`${path}: ${error.message}`);
    }
  }
  return broken.length === 0 ? null : broken.join('\n');
};

const checks = {
  types: () => tool('tsc', '--noEmit'),
  'format and lint': () => tool('biome', 'ci', '--colors=off', '.'),
  'dead code': () => tool('knip', '--no-progress'),
  'generated files': generatedFiles,
  'JSON files': jsonFiles,
};

/** Prints one line per check, and what failed; resolves to whether all is well. */
export const check = async () => {
  let sound = true;
  for (const [name, look] of Object.entries(checks)) {
    const failure = await look();
    console.log(`${failure === null ? 'ok    ' : 'FAILED'} ${name}`);
    if (failure === null) continue;
    sound = false;
    console.log(failure.trimEnd().replace(/^/gm, '  '));
  }
  return sound;
};
