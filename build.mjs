/**
 * node build.mjs            generated files and bundles
 * node build.mjs generate   generated files only
 * node build.mjs check      types, format and lint, dead code, generated files, JSON
 */
import { writeGenerated } from './build/generated.mjs';

const tasks = {
  build: async () => {
    await tasks.generate();
    const { bundle } = await import('./build/bundle.mjs');
    const { otoroshiWasm } = await import('./build/otoroshi/wasm.mjs');
    for (const { path, bytes } of [...(await bundle()), ...(await otoroshiWasm())])
      console.log(`${path}  ${Math.ceil(bytes / 1024)} KiB`);
  },

  generate: async () => {
    const written = await writeGenerated();
    console.log(
      written.length === 0 ? 'Generated files are up to date.' : written.map((path) => `wrote ${path}`).join('\n'),
    );
  },

  check: async () => {
    const { check } = await import('./build/check.mjs');
    if (!(await check())) process.exitCode = 1;
  },
};

const [name = 'build'] = process.argv.slice(2);
if (Object.hasOwn(tasks, name)) await tasks[name]();
else {
  console.error(`There is no task "${name}"; one of ${Object.keys(tasks).join(', ')}.`);
  process.exitCode = 2;
}
