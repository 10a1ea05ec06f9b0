/** The house has one-way streets: this reads the import statements and holds them against the plan. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What each room may import from, besides itself. */
const rooms: Record<string, readonly string[]> = {
  schemas: [],
  plugins: ['schemas'],
  exporters: ['schemas'],
  dashboards: ['schemas'],
  simulator: [],
  server: ['schemas', 'plugins', 'exporters'],
  cli: ['schemas', 'plugins', 'exporters', 'server', 'simulator'],
};

/** Floors of plugins/, from the ground up: a file may import from its own floor and those below. */
const floors: readonly RegExp[] = [
  /^(?:framing|redaction)\/|^(?:usage|wire)\.ts$|^budgets\/(?:budget|ledger|period|matching|admission|heard|meters)\.ts$/,
  /^dialects\//,
  /^(?:pricing|impacts)\/|^contract\.ts$/,
  /^(?:budgets|request|response)\/|^(?:event-builder|settings)\.ts$/,
  /^[a-z-]+\.ts$/,
  /^hosts\//,
];

const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

const statement =
  /(?:^|[\n;])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

interface Source {
  readonly file: string;
  readonly text: string;
  /** Files of the project as paths from its root, packages as they are named. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = globSync(`{${Object.keys(rooms).join(',')}}/**/*.ts`, { cwd: root })
  .sort()
  .map((file) => {
    const text = withoutComments(readFileSync(root + file, 'utf8'));
    const imports = [...text.matchAll(statement)].map(([, from, called]) => from ?? called ?? '');
    return {
      file,
      text,
      imports: imports.map((name) => (name.startsWith('.') ? posix.join(dirname(file), name) : name)),
    };
  });

const roomOf = (path: string): string => path.split('/', 1)[0] ?? '';
const isOurs = (path: string): boolean => path.includes('/') && roomOf(path) in rooms;
const arrows = sources.flatMap(({ file, imports }) => imports.map((target) => ({ file, target })));
const inPlugins = sources.filter(({ file }) => file.startsWith('plugins/'));

test('the reader of import statements sees them all', () => {
  const seen = sources.find(({ file }) => file === 'cli/main.ts')?.imports;
  assert.ok(seen?.includes('cli/command.ts'), 'a static import');
  assert.ok(seen?.includes('cli/keys.ts'), 'a dynamic import');
});

test('imports between the rooms run one way', () => {
  const wrong = arrows.filter(
    ({ file, target }) =>
      (isOurs(target) && roomOf(file) !== roomOf(target) && !rooms[roomOf(file)]?.includes(roomOf(target))) ||
      /^(?:test|build|docs|examples)\//.test(target) ||
      target.startsWith('..'),
  );
  assert.deepEqual(wrong, []);
});

test('no file imports itself in a circle', () => {
  const graph = new Map(sources.map(({ file, imports }) => [file, imports.filter((target) => target !== file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file) || way.includes(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test('imports inside plugins/ go down the floors', () => {
  const floorOf = (path: string): number => floors.findIndex((pattern) => pattern.test(path.slice('plugins/'.length)));
  const unplaced = inPlugins.filter(({ file }) => floorOf(file) === -1).map(({ file }) => file);
  assert.deepEqual(unplaced, [], 'files without a floor');
  const upward = arrows.filter(
    ({ file, target }) =>
      file.startsWith('plugins/') &&
      target.startsWith('plugins/') &&
      target.endsWith('.ts') &&
      floorOf(target) > floorOf(file),
  );
  assert.deepEqual(upward, []);
});

test('plugins/ outside hosts/ needs nothing of Node and no package but the OpenTelemetry API', () => {
  const portable = inPlugins.filter(({ file }) => !file.startsWith('plugins/hosts/'));
  const foreign = portable.flatMap(({ file, imports }) =>
    imports.filter((name) => !isOurs(name) && name !== '@opentelemetry/api').map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(foreign, []);
  const globals = portable.filter(({ text }) =>
    /\b(?:Buffer|process|require|__dirname|setImmediate)\b\s*[.(]/.test(text),
  );
  assert.deepEqual(
    globals.map(({ file }) => file),
    [],
  );
});

test('plugins/hosts/fetch/ runs where there is no Node', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = sources.find((one) => one.file === file);
    for (const target of source?.imports ?? []) visit(target);
    assert.doesNotMatch(source?.text ?? '', /\b(?:Buffer|process|require|__dirname|setImmediate)\b\s*[.(]/, file);
  };
  visit('plugins/hosts/fetch/index.ts');
  assert.ok(seen.has('plugins/response-plugin.ts'), 'the way down is walked');
  const foreign = [...seen].filter((name) => !isOurs(name) || name.includes('/node/'));
  assert.deepEqual(foreign, ['@opentelemetry/api']);
});
