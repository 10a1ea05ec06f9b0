/** The bundles of the published package: type stripping does not work below node_modules. */
import { copyFile, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

const notice = `/*!
 * llm-usage-audit, Apache-2.0. Holds data of EcoLogits (MPL-2.0; source form: plugins/impacts/data in the package's
 * repository, and https://github.com/genai-impact/ecologits) and of genai-prices (MIT), and the code of gpt-tokenizer (MIT). See NOTICE.
 */`;

const bundles = [
  // In pieces: what is loaded when it is needed (a subcommand, the library of an exporter) must not be loaded before.
  {
    entryPoints: { 'llm-audit': 'cli/main.ts', 'delivery-worker': 'exporters/delivery/worker.ts' },
    platform: 'node',
    splitting: true,
    chunkNames: 'part-[hash]',
  },
  // With its package inside: all of it is 30 MB, what is used of it a tenth.
  {
    entryPoints: { 'tokenizer-worker': 'plugins/hosts/node/tokenizer-worker.ts' },
    platform: 'node',
    packages: 'bundle',
    minify: true,
  },
  // Runs in any JavaScript engine: nothing of Node's, nothing from npm.
  { entryPoints: { plugins: 'plugins/index.ts' }, platform: 'neutral' },
  { entryPoints: { fetch: 'plugins/hosts/fetch/index.ts' }, platform: 'neutral' },
  { entryPoints: { fastify: 'plugins/hosts/fastify/index.ts' }, platform: 'node' },
];

/** Read at run time, from beside the bundle: where it lies there, and here. */
const copied = { 'ext-proc.proto': 'plugins/hosts/envoy/ext-proc.proto' };

/** Replaces the folder. Resolves to `path size` of each bundle; rejects with esbuild's messages. */
export const bundle = async (outdir = 'dist') => {
  const made = [];
  await rm(resolve(root, outdir), { recursive: true, force: true });
  for (const options of bundles) {
    const { metafile } = await build({
      absWorkingDir: root,
      outdir,
      bundle: true,
      format: 'esm',
      target: 'node24',
      packages: 'external',
      banner: { js: notice },
      legalComments: 'none',
      sourcemap: false,
      metafile: true,
      logLevel: 'error',
      ...options,
    });
    for (const [path, { bytes }] of Object.entries(metafile.outputs)) made.push({ path, bytes });
  }
  for (const [name, source] of Object.entries(copied)) {
    await copyFile(`${root}${source}`, resolve(root, outdir, name));
    made.push({ path: `${outdir}/${name}`, bytes: (await stat(resolve(root, outdir, name))).size });
  }
  return made;
};
