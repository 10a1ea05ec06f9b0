/** dist/llm-audit-otoroshi.wasm: the two plugins and QuickJS in one module for Otoroshi, made with npm packages only. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { shim } from './shim.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

const entries = [
  'transform_request',
  'transform_response',
  'access',
  'export_events',
  'custom_filter',
  'custom_project',
];

/** Packed beside the code: as text they would be a third of it. */
const tables = [
  'plugins/pricing/catalogue.generated.json',
  'plugins/impacts/data/models.json',
  'plugins/impacts/data/electricity_mixes.json',
];

const features = [
  'bulk-memory',
  'bulk-memory-opt',
  'sign-ext',
  'nontrapping-float-to-int',
  'multivalue',
  'reference-types',
  'mutable-globals',
  'call-indirect-overlong',
].map((name) => `--enable-${name}`);

const inThisBundle = {
  name: 'in this bundle',
  setup(bundle) {
    // The package says of its files that importing one does nothing by itself: of this one it is not true.
    bundle.onResolve({ filter: /[\\/]polyfills\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: true,
    }));
    bundle.onLoad({ filter: /\.json$/ }, ({ path }) => {
      const name = tables.find((one) => path === join(root, one));
      if (name === undefined) return null;
      const contents = `import { table } from '${root}plugins/hosts/otoroshi/wasm/packed.ts';\nexport default table('${name}');`;
      return { contents, loader: 'js', resolveDir: root };
    });
    // The validators would be a third of it, too; who takes the event checks it.
    bundle.onLoad({ filter: /schemas[\\/]validate\.ts$/ }, async ({ path }) => {
      const names = [...(await readFile(path, 'utf8')).matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
      return { contents: names.map((name) => `export const ${name} = () => null;`).join('\n'), loader: 'js' };
    });
    // Counters and spans go nowhere in a sandbox.
    bundle.onLoad({ filter: /response[\\/]telemetry\.ts$/ }, () => ({
      contents: 'export const openTelemetry = () => ({ called() {}, invalid() {}, rejected() {} });',
      loader: 'js',
    }));
  },
};

const bundled = async () => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['plugins/hosts/otoroshi/wasm/entry.ts'],
    bundle: true,
    format: 'iife',
    platform: 'neutral',
    target: 'es2023',
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'error',
    plugins: [inThisBundle],
  });
  return outputFiles[0].text;
};

const packedTables = async () => {
  const read = await Promise.all(tables.map(async (name) => [name, JSON.parse(await readFile(root + name, 'utf8'))]));
  return deflateRawSync(JSON.stringify(Object.fromEntries(read)), { level: 9 });
};

/** What is reached from outside stays, all else of the engine goes. */
const reachable = [
  { name: 'outside', root: true, reaches: [...entries, '_initialize', 'memory'].map((_, at) => `e${at}`) },
  ...[...entries, '_initialize', 'memory'].map((name, at) => ({ name: `e${at}`, export: name })),
];

/**
 * Both the engine and Otoroshi have a module named `env`: in the text Otoroshi's is called OTO, of the same length, and
 * gets its name when the engine's is gone.
 */
const renamed = (bytes) => {
  const from = Buffer.from('\x03OTO');
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) bytes.write('env', at + 1);
  return bytes;
};

/** @param path of the file to write; @param http false: for an Otoroshi that grants no `httpAccess`. Resolves to its size. */
export const buildOtoroshiWasm = async (path, { http = true } = {}) => {
  const [code, packed] = await Promise.all([bundled(), packedTables()]);
  const folder = await mkdtemp(join(tmpdir(), 'otoroshi-wasm-'));
  const tool = (name, ...args) =>
    run(process.execPath, [`${root}node_modules/binaryen/bin/${name}`, ...features, ...args], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
  try {
    await writeFile(join(folder, 'shim.wat'), shim({ code, packed, entries, http }));
    await writeFile(join(folder, 'reachable.json'), JSON.stringify(reachable));
    await tool('wasm-as', 'shim.wat', '-o', 'shim.wasm');
    const engine = `${root}node_modules/quickjs-wasi/quickjs.wasm`;
    await tool('wasm-merge', '--rename-export-conflicts', engine, 'qjs', 'shim.wasm', 'env', '-o', 'merged.wasm');
    await tool('wasm-metadce', 'merged.wasm', '-f', 'reachable.json', '-o', 'small.wasm');
    const bytes = renamed(await readFile(join(folder, 'small.wasm')));
    await mkdir(dirname(resolve(root, path)), { recursive: true });
    await writeFile(resolve(root, path), bytes);
    return { path, bytes: bytes.length, code: code.length, packed: packed.length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Both modules of the published package. */
export const otoroshiWasm = async () => [
  await buildOtoroshiWasm('dist/llm-audit-otoroshi.wasm'),
  await buildOtoroshiWasm('dist/llm-audit-otoroshi-no-http.wasm', { http: false }),
];
